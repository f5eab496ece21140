import type { TaskMessage } from "./message";
import type { SubmitOptions } from "./options";
import type { SubmitSite } from "./submit-site";
import type { AnyFunction } from "./types";
import type { Waitable, Waiter } from "./waiting";

/** Where text of a thread is written to; 1 is stdout, 2 stderr. */
export type Write = (fd: 1 | 2, text: string | Uint8Array) => void;

/** What the code that submits a task belongs to: whatever the task causes on the loop belongs there, too. */
export interface Origin {
  /** Calls `fn` in the async context of the submission. */
  runInAsyncScope<A extends unknown[], R>(fn: (...args: A) => R, thisArg: unknown, ...args: A): R;
  readonly write: Write;
}

/** To what a task gives its result, or its error. */
export interface TaskResult {
  settle(ok: boolean, value: unknown): void;
  /** Those who wait for it now. */
  readonly waiters: Iterable<Waiter>;
  /** Nobody else can ask for the result: who does not wait for it has no use for the task. */
  readonly isPromise: boolean;
}

/** One task, from its submission to its settling. */
export interface Task extends Waitable {
  readonly name: string;
  readonly message: TaskMessage;
  readonly transfer: object[];
  /** Keeps the functions alive that travel by number. */
  readonly functions: AnyFunction[];
  readonly options: SubmitOptions;
  /** Set as soon as the task is on its way. */
  readonly site: SubmitSite;
  readonly origin: Origin;
}
