/** What the main thread must hear even from within an endless loop: interrupts and the end. */

import { MainThreadSession } from "../../inspector";
import type { FromSockets, Shared, UrgentRequest } from "../thread-protocol";
import { descendants } from "./child-processes";

/** How long the main thread has to hear of an interrupt before what it computes is stopped. */
const patienceMs = 300;

/** Ends what the main thread computes; its event loop goes on. */
function stopMain() {
  const session = new MainThreadSession();
  const close = () => session.close();
  session.post("Runtime.terminateExecution").then(close, close);
}

function signal(pid: number, name: NodeJS.Signals) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

export class UrgentRequests {
  /** Processes that the main thread does not block on: the kernel's own, and those that run beside it. */
  readonly #others: Set<number>;
  /** They are numbered; main has acknowledged up to this one. */
  #acknowledged = 0;
  #last = 0;

  constructor(
    private readonly tell: (message: FromSockets) => void,
    private readonly shared: Shared,
    ownProcesses: number[],
  ) {
    this.#others = new Set(ownProcesses);
  }

  acknowledge(urgent: number) {
    // Told again, an early one may come after a later one.
    this.#acknowledged = Math.max(this.#acknowledged, urgent);
  }

  /** A cell has started a process and goes on, or that process has ended. */
  noteChild(pid: number, running: boolean) {
    if (running) this.#others.add(pid);
    else this.#others.delete(pid);
  }

  /**
   * Tells main, and tells it again after a while in which whatever it computes is stopped, until it has
   * acknowledged and `isDone`: a stop may hit main when it is about to answer, so that an acknowledgement
   * alone does not count. An answer that main is giving is left alone.
   */
  send(command: UrgentRequest["command"], cell?: number, isDone = () => true) {
    const urgent = ++this.#last;
    let tries = 0;
    const again = () => {
      if (this.#acknowledged >= urgent && isDone()) return;
      if (!this.shared.isProtected) {
        stopMain();
        // Still not: it waits for a process. First as Ctrl-C would, then for certain.
        if (tries++ > 0) void this.#stopBlocking(tries === 2 ? "SIGINT" : "SIGKILL");
      }
      once();
    };
    const once = () => {
      this.tell({ urgent, command, cell });
      setTimeout(again, patienceMs);
    };
    once();
  }

  /** Ends what main waits for in `execSync` and its like: no JavaScript runs there that could be stopped. */
  async #stopBlocking(name: NodeJS.Signals) {
    for (const pid of await descendants(this.#others)) signal(pid, name);
  }
}
