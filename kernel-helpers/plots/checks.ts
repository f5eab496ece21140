/** A chart of nothing, or of NaN, is a mistake of the caller: better a sentence than an empty frame. */
export function checkNumbers(what: string, values: readonly unknown[]): void {
  for (const value of values)
    if (typeof value !== "number" || !Number.isFinite(value) || value < 0)
      throw new TypeError(`${what} must be numbers of at least 0, got ${describeValue(value)}.`);
}

export function checkSome(what: string, number: number, wayOut: string): void {
  if (number === 0) throw new RangeError(`${what} is empty. ${wayOut}`);
}

function describeValue(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
