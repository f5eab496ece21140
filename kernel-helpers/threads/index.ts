/** To the thread and back: executors, futures, contexts, errors. */

export { callSoonThreadsafe, runCoroutineThreadsafe } from "./bridge";
export { DataCloneError } from "./closures/refusal";
export {
  Context,
  ContextVar,
  type ContextVarOptions,
  copyContext,
  LookupError,
  reviveContextVar,
  Token,
} from "./context";
export { exportContext, importContext, type WireContext } from "./context-wire";
export { moduleTask } from "./envelope";
export {
  BrokenThreadPool,
  CancelledError,
  DeadlockError,
  ExecutorShutDown,
  registerErrorClass,
} from "./errors";
export { type Executor, type ShutdownOptions, ThreadPoolExecutor } from "./executor";
export { Future } from "./future";
export { type Gathered, type GatherOptions, gather } from "./gather";
export { type IterateOptions, iterateInThread } from "./iterate";
export { type ActiveExecutor, activeExecutors, assertNoLeaks } from "./leaks";
export * from "./limiter";
export { checkCancelled } from "./link";
export type { MapOptions, MapResults } from "./map";
export { move } from "./move";
export type { ExecutorOptions, TaskOptions } from "./options";
export {
  type AsyncQueue,
  type BlockingOptions,
  Queue,
  QueueEmpty,
  QueueFull,
  type QueueOptions,
  QueueShutDown,
  type SyncQueue,
  type WaitingOptions,
} from "./queue";
export { type RunSyncOptions, runSync } from "./run-sync";
export type { ExecutorStats } from "./stats";
export * from "./task-group";
export { TimeoutError } from "./timeout";
export { runInExecutor, type ToThreadOptions, toThread } from "./to-thread";
export * from "./travel";
export * from "./wait";
