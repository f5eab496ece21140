/** Values that stay in this thread, by the number of the task that made them. */

const kept = new Map<number, unknown>();

export function keepValue(id: number, value: unknown): void {
  kept.set(id, value);
}

export function keptValue(id: number): unknown {
  if (kept.has(id)) return kept.get(id);
  throw new ReferenceError("The value of this handle is gone: the handle was disposed.");
}

export function dropKept(id: number): void {
  kept.delete(id);
}
