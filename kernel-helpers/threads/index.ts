/** To the thread and back: executors, futures, contexts, errors. */
export * from "./context";
export { type Gathered, type GatherOptions, gather } from "./gather";
export * from "./limiter";
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
export * from "./task-group";
export { TimeoutError } from "./timeout";
export * from "./travel";
export * from "./wait";
