/**
 * What cells have left behind that may still fail: the answer to `pending_work_request`, by which a runner knows when
 * a notebook has really ended.
 *
 * - Request `{ finish?: boolean }`, on the shell channel. The first one starts the bookkeeping, so that a kernel whose
 *   client never asks does without it; it should come before the first cell.
 * - Reply `{ status: "ok", pending: Work[], open: Work[], exit_code: number }`. `pending` ends by itself: timers, with
 *   the time that is left, threads, child processes, connections, reads. `open` does not: servers, intervals, watchers.
 * - With `finish`, and nothing pending, Node's `beforeExit` takes place, once: what has waited for the end, as `node:test`
 *   does, reports now. `exit_code` is what the process would end with.
 */

import { createHook } from "node:async_hooks";
import type { Output } from "./output";

interface Work {
  /** In words: "timer", "server". */
  kind: string;
  /** For a timer: when it goes off, in ms from now. */
  due_ms?: number;
}

/** By the names that async_hooks has for them. Everything else ends with the cell, or belongs to one of these. */
const kinds: Record<string, { kind: string; staysOpen?: boolean }> = {
  Timeout: { kind: "timer" },
  WORKER: { kind: "thread" },
  PROCESSWRAP: { kind: "child process" },
  TCPWRAP: { kind: "connection" },
  TLSWRAP: { kind: "connection" },
  FSREQCALLBACK: { kind: "file operation" },
  FSREQPROMISE: { kind: "file operation" },
  GETADDRINFOREQWRAP: { kind: "name lookup" },
  QUERYWRAP: { kind: "name lookup" },
  TCPSERVERWRAP: { kind: "server", staysOpen: true },
  PIPESERVERWRAP: { kind: "server", staysOpen: true },
  UDPWRAP: { kind: "UDP socket", staysOpen: true },
  FSEVENTWRAP: { kind: "file watcher", staysOpen: true },
  STATWATCHER: { kind: "file watcher", staysOpen: true },
};

interface Resource {
  hasRef?(): boolean;
}

/** The inside of Node's timers; stable since Node 11. */
interface Timer extends Resource {
  _repeat: number | null;
  _idleStart: number;
  _idleTimeout: number;
}

export class PendingWork {
  readonly #resources = new Map<number, { type: string; resource: Resource }>();
  #isFollowing = false;
  #hasFinished = false;

  constructor(private readonly output: Output) {}

  /** Answers a `pending_work_request`. */
  answer({ finish = false }: { finish?: boolean }): object {
    this.#follow();
    if (finish && !this.#hasFinished && this.#left().pending.length === 0) {
      this.#hasFinished = true;
      process.emit("beforeExit", Number(process.exitCode ?? 0));
    }
    // What waits for the end may have gone on working.
    return { status: "ok", ...this.#left(), exit_code: Number(process.exitCode ?? 0) };
  }

  /** Keeps what is created in a cell, and in all that a cell has started, until it has ended. */
  #follow() {
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    const options = {
      init: (id: number, type: string, _trigger: number, resource: object) => {
        if (Object.hasOwn(kinds, type) && this.output.isWithinCell)
          this.#resources.set(id, { type, resource });
      },
      destroy: (id: number) => void this.#resources.delete(id),
      // Promises have no part in this, and following them would slow every `await`. Node has this since 24.
      trackPromises: false,
    };
    createHook(options).enable();
  }

  #left(): { pending: Work[]; open: Work[] } {
    const left = [...this.#resources.values()].filter(({ resource }) => resource.hasRef?.() ?? true);
    const serves = left.some(({ type }) => kinds[type]!.kind === "server");
    const pending: Work[] = [];
    const open: Work[] = [];
    for (const { type, resource } of left) {
      const { kind, staysOpen } = kinds[type]!;
      if (kind === "timer") {
        const { _repeat, _idleStart, _idleTimeout } = resource as Timer;
        if (_repeat) open.push({ kind: "interval" });
        else pending.push({ kind, due_ms: Math.max(0, Math.ceil(_idleStart + _idleTimeout - now())) });
      } else if (staysOpen || (serves && kind === "connection")) open.push({ kind });
      else pending.push({ kind });
    }
    return { pending, open };
  }
}

/** The clock of Node's timers: ms since the event loop's start. */
function now(): number {
  const timer = setTimeout(() => {}, 1) as unknown as Timer;
  clearTimeout(timer as unknown as NodeJS.Timeout);
  return timer._idleStart;
}
