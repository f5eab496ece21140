import { checkItem } from "../task/transfer-list";
import { workerName } from "./worker-context";

/** What the running task moves with its result. */
let moving = new Set<object>();

/**
 * In a task: has a buffer, port or stream that the result holds move to the loop instead of being copied,
 * and gives it back, so that `return move(buffer)` will do. A typed array stands for its buffer. The thread
 * cannot use it afterwards. On the event loop's thread it does nothing. Throws TypeError for what cannot move:
 * a detached buffer, the memory that small Buffers share.
 *
 * @example
 * const sorted = await toThread.with({ transfer: [numbers.buffer] })((numbers: Float64Array) => {
 *   return move(numbers.sort());
 * }, numbers);
 */
export function move<T extends object>(value: T): T {
  const item = checkItem(value, "What `move` is given");
  if (workerName() !== undefined) moving.add(item);
  return value;
}

/** @internal What the task that has just ended wanted moved. */
export function takeMoving(): object[] {
  if (moving.size === 0) return [];
  const items = [...moving];
  moving = new Set();
  return items;
}
