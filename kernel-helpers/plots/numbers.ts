/** To 0.1 unless another grain is given. */
export function round(value: number, grain = 0.1): number {
  return Number((Math.round(value / grain) * grain).toPrecision(12));
}

/** To three digits, as a person would say it: 0.0123, 1.23, 12.3, 1230. */
export function threeDigits(value: number): number {
  return Number(value.toPrecision(3));
}

/** The value that a share `p` of the sorted values does not exceed, between neighbours where it falls between. */
export function quantile(sorted: number[], p: number): number {
  const at = (sorted.length - 1) * p;
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
}

/** Sorted copies, so that the caller's arrays stay as they are. */
export function ascending(values: number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** Joins the parts into lines of at most so many letters, a longer part alone in its own. */
export function wrap(parts: string[], separator: string, letters: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const longer = lines.length > 0 ? lines.at(-1) + separator + part : part;
    if (lines.length > 0 && longer.length <= letters) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

/** The powers of ten around the values, for a logarithmic axis; Vega would draw the nine lines between as well. */
export function powersOfTen(values: number[]): number[] {
  const from = Math.floor(Math.log10(Math.min(...values)));
  const to = Math.ceil(Math.log10(Math.max(...values)));
  return Array.from({ length: to - from + 1 }, (_, index) => Number(`1e${from + index}`));
}

/** The powers of ten within the values; with few of them also their doubles and halves, as 1, 2, 5, 10. */
export function logarithmicTicks(values: number[]): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const inside = (ticks: number[]) => ticks.filter((tick) => tick >= least && tick <= most);
  const powers = powersOfTen(values);
  const tens = inside(powers);
  return tens.length > 2
    ? tens
    : inside(powers.flatMap((power) => [1, 2, 5].map((n) => threeDigits(n * power))));
}
