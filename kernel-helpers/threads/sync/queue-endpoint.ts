import type { QueueChannel } from "./queue-channel";
import type { SharedCounters } from "./shared-counters";

export interface Item {
  value: unknown;
}

/** What a queue can do in a thread. `QueueOwner` is the thread that made it, `QueueProxy` any other. */
export interface QueueEndpoint {
  readonly counters: SharedCounters;
  /** A channel from owner for one more thread; its port goes in a transfer list. */
  connect(): QueueChannel;
  /** False when the queue is full. */
  tryPut(value: unknown): boolean;
  put(value: unknown, signal?: AbortSignal): Promise<void>;
  /** False when no place came free in time. */
  putBlocking(value: unknown, timeout?: number): boolean;
  /** Undefined when the queue is empty. */
  tryTake(): Item | undefined;
  take(signal?: AbortSignal): Promise<unknown>;
  /** Undefined when no item came in time. */
  takeBlocking(timeout?: number): Item | undefined;
  join(signal?: AbortSignal): Promise<void>;
  /** False when items were still not done in time. */
  joinBlocking(timeout?: number): boolean;
  taskDone(): void;
  close(immediate: boolean): void;
}
