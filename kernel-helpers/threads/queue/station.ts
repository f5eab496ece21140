import type { Ledger } from "./ledger";
import type { Line } from "./line";

export interface Item {
  value: unknown;
}

/** What a queue can do in a thread. `Home` is the thread that made it, `Outpost` any other. */
export interface Station {
  readonly ledger: Ledger;
  /** A line from home for one more thread; its port goes in a transfer list. */
  connect(): Line;
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
