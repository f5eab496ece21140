/** @throws RangeError if `value` is not a finite number above 0. */
export function checkPositive(option: string, value: number, unit: string): number {
  if (typeof value === "number" && value > 0 && Number.isFinite(value)) return value;
  throw new RangeError(
    `\`${option}\` must be a number of ${unit} above 0, got ${String(value)}. Leave it out for the default.`,
  );
}
