/** To the thread and back: executors, futures, contexts, errors. */

export { type ErrorClass, registerErrorClass } from "./closures/error-class";
export { DataCloneError } from "./closures/refusal";
export { moduleTask } from "./closures/task-message";
export {
  Context,
  ContextVar,
  type ContextVarOptions,
  copyContext,
  LookupError,
  reviveContextVar,
  Token,
} from "./context/context-var";
export { exportContext, importContext, type WireContext } from "./context/wire-context";
export { type Executor, type ShutdownOptions, ThreadPoolExecutor } from "./executor/executor";
export {
  type AnyIterable,
  type IterateInThread,
  type IterateOptions,
  iterateInThread,
} from "./executor/iterate";
export { type ActiveExecutor, activeExecutors, assertNoLeaks, type ShutdownNeeded } from "./executor/leaks";
export type { MapOptions, MapResults } from "./executor/map";
export type { ExecutorOptions } from "./executor/options";
export type { ExecutorStats } from "./executor/stats";
export { runInExecutor, type ToThread, type ToThreadOptions, toThread } from "./executor/to-thread";
export type { Handle } from "./loop/handle";
export {
  type BlockingPortal,
  type PortalCallOptions,
  type PortalCalls,
  startBlockingPortal,
} from "./loop/portal";
export type { PortalOptions, StopOptions } from "./loop/portal-owner";
export { type RunSync, type RunSyncOptions, runSync } from "./loop/run-sync";
export { taskSignal } from "./loop/task-signal";
export { type Gathered, type GatherOptions, gather } from "./structure/gather";
export * from "./structure/limiter";
export * from "./structure/task-group";
export * from "./structure/wait";
export { Event } from "./sync/event";
export { AbandonedLock, Lock } from "./sync/lock";
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
} from "./sync/queue";
export { BoundedSemaphore, Semaphore } from "./sync/semaphore";
export {
  BrokenThreadPool,
  CancelledError,
  DeadlockError,
  ExecutorShutDown,
  PortalNotRunning,
  TimeoutError,
} from "./task/errors";
export { Future } from "./task/future";
export type { TaskOptions } from "./task/options";
export * from "./task/transferable";
export type { AnyFunction } from "./task/types";
export { callSoonThreadsafe, runCoroutineThreadsafe } from "./worker/loop-proxy";
export { move } from "./worker/move";
export { checkCancelled } from "./worker/worker-context";
