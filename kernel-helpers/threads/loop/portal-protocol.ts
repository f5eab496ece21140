import type { MessagePort } from "node:worker_threads";
import type { Reply, Setup, TaskMessage } from "../task/message";

/** What crosses between a portal's thread and the threads that call it. */

/** Words of the memory that a portal shares with all who call it. */
export const word = {
  /** 1 when the thread has loaded. */
  up: 0,
  /** 1 when it has come to its end by itself; one that ran out of memory or was terminated does not. */
  ended: 1,
  exitCode: 2,
  /** How many callers there have been. */
  callers: 3,
  /** 1 when whoever made it has begun to stop it. */
  stopped: 4,
  count: 5,
} as const;

/** What a new caller needs; `port` is its own and is transferred. */
export interface Line {
  name: string;
  /** The portal's thread, as `threadId` tells it there. */
  thread: number;
  port: MessagePort;
  shared: SharedArrayBuffer;
  /** The words of `task/message` that the thread reads to know which task is cancelled. */
  taskWords: SharedArrayBuffer;
}

/** What the new thread finds as its `workerData`. */
export interface PortalThreadData {
  setup: Setup;
  port: MessagePort;
  shared: SharedArrayBuffer;
}

export type ToPortal =
  /** The first message of a caller: what to ring after each answer, and the word that is 1 while it waits without limit. */
  | { kind: "hello"; bell: SharedArrayBuffer; waits: SharedArrayBuffer }
  | { kind: "run"; message: TaskMessage; name: string }
  /** The caller waits from now on, and for as long as it takes. */
  | { kind: "wait" }
  | { kind: "cancel"; id: number }
  | { kind: "connect"; port: MessagePort }
  | { kind: "drop"; id: number }
  | { kind: "stop"; cancelRemaining: boolean };

export interface Answer {
  id: number;
  reply: Reply;
}
