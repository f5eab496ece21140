/** Which threads are stopped, and what clients are told of it. */

import type { DebuggedThread } from "./debugged-thread";
import { textOf } from "./remote-values";

/** How long a thread that goes on has to stop again before another one that is stopped is shown. */
const settleMs = 100;

export class Stops {
  /** The one that front ends show last. */
  #threads: DebuggedThread[] = [];

  constructor(private readonly event: (name: string, body: object) => void) {}

  get all(): readonly DebuggedThread[] {
    return this.#threads;
  }

  /** The one that was announced last. */
  get shown(): DebuggedThread | undefined {
    return this.#threads.at(-1);
  }

  add(thread: DebuggedThread): void {
    this.#threads = [...this.#threads.filter((each) => each !== thread), thread];
  }

  announce({ id: threadId, pause }: DebuggedThread): void {
    const { reason, thrown, hit } = pause!;
    this.event("stopped", {
      reason,
      threadId,
      allThreadsStopped: false,
      ...(thrown && { text: textOf(thrown), description: "Stopped on an exception" }),
      hitBreakpointIds: hit,
    });
  }

  /** A thread goes on. A front end that shows one thread at a time would leave the others stopped for ever. */
  remove(thread: DebuggedThread): void {
    this.#threads = this.#threads.filter((each) => each !== thread);
    this.event("continued", { threadId: thread.id, allThreadsContinued: false });
    const showOther = () => {
      if (this.shown && !thread.pause) this.announce(this.shown);
    };
    if (this.shown) setTimeout(showOther, settleMs);
  }

  /** Those that are stopped, and no longer count as such. */
  take(): DebuggedThread[] {
    const stopped = this.#threads;
    this.#threads = [];
    return stopped;
  }
}
