import type { MessagePort } from "node:worker_threads";
import type { RecordedCall } from "../../timing/recorder";

/** What crosses between the loop and the workers. Short keys and few objects: each costs its clone. */

/** Values that `closures/` has packed; only it reads them. */
export interface Packed {
  root: unknown;
}

/** A value on its way: itself when it is plain, else packed. */
export interface PackedValue {
  value?: unknown;
  packed?: Packed;
}

/** A function that captures nothing and has no properties: its code is all of it. */
export interface FunctionTarget {
  code: string;
  id: number;
}

/** A function and the constants that it captures, packed into one string. */
export interface BundleTarget {
  bundle: string;
  id: number;
}

/** Words of the shared memory that each worker has with the loop. */
export const word = {
  /** Counts messages from the loop, so that a blocked worker can wait for the next. */
  mail: 0,
  /** The number of the task that is to stop, or 0. */
  cancelled: 1,
  /** The call to the loop for whose answer the worker blocks without a limit of time, or 0. */
  waitsFor: 2,
  /** The number of the task that has begun last. */
  started: 3,
  count: 4,
} as const;

/** Comes with the first task of a worker. */
export interface Setup {
  name: string;
  port: MessagePort;
  shared: SharedArrayBuffer;
  /** The loop's thread does nothing but wait for this task. */
  loopWaits?: boolean;
  /** A kernel runs this program, whose cells can ask their reader. */
  inNotebook: boolean;
}

export interface TaskMessage {
  /** The task's number; counts up over the whole process. */
  id: number;
  /** What runs; undefined when `packed` holds it together with the arguments. */
  target?: FunctionTarget | BundleTarget | { module: string; name: string };
  /** The arguments, when all of them are plain. */
  args?: unknown[];
  /** `{ fn, args, context }` packed together, when any of them is more than plain. */
  packed?: Packed;
  /** `args` is a list of items, each of which goes to the function by itself (`map`). */
  each?: boolean;
  /** The value stays in the thread; its number comes back. */
  keep?: boolean;
  context?: unknown;
  /** The task's number in the timeline, and where to record; absent while nothing records. */
  task?: number;
  ring?: SharedArrayBuffer;
  setup?: Setup;
}

export interface Reply extends PackedValue {
  /** A thrown value; the value beside it are the results of a `map` before it. */
  error?: PackedValue;
  /** How many messages the worker has posted to the loop so far: they are to be read before the reply. */
  posts: number;
  /** The error was thrown outside the task's own calls: the thread is not to be used again. */
  fatal?: boolean;
}

/** From a worker to the loop. */
export type ToLoop =
  | {
      kind: "call";
      id: number;
      soon: boolean;
      fn: number;
      packed?: Packed;
      args?: unknown[];
      context?: unknown;
      task: number;
      /** While something records. */
      recorded?: RecordedCall;
    }
  /** The thread has loaded: its first task starts. */
  | { kind: "up" }
  /** The last reply once more, from a thread that exits: the loop may hear of its end before it reads the reply. */
  | { kind: "reply"; task: number; reply: Reply }
  /** Nothing is left of these tasks, no timer, no handler: they can print no more. */
  | { kind: "forget"; tasks: number[] }
  /** The task itself awaits the answer to the call, and nothing else. */
  | { kind: "await"; id: number }
  /** The thread does nothing but wait for a task that it has submitted by the call, or no longer. */
  | { kind: "pause" | "resume"; id: number }
  /** Nobody waits for the answer to the call any more. */
  | { kind: "cancel"; id: number }
  | { kind: "output"; fd: 1 | 2; text: string | Uint8Array; task: number };

/** From the loop to a worker: the answer to a call, or, with id 0, that `task` is to stop because of `error`. */
export interface ToWorker extends PackedValue {
  id: number;
  task?: number;
  error?: PackedValue;
}
