import { barChart, namedValues } from "./bar-chart";
import { Chart } from "./chart";
import { threeDigits } from "./numbers";
import { count, plain, words } from "./words";

/** A number of ms, or whatever knows its duration: a `Timeline`, the report of `timeLoopBlocking`. */
export type Duration = number | { duration: number };

export interface ComparisonOptions {
  /** The title of the chart. @default "How long it took" */
  title?: string;
}

/**
 * How long the same work took in several ways, such as one after another and at once.
 *
 * @throws RangeError if there is no duration, TypeError if one is not a number of at least 0.
 */
export function comparisonChart(
  durations: { [name: string]: Duration },
  options: ComparisonOptions = {},
): Chart {
  const plain = Object.fromEntries(Object.entries(durations).map(([name, value]) => [name, msOf(value)]));
  const values = namedValues("comparisonChart's object", plain);
  const { durationMs, ms, howLong } = words();
  return barChart(values, durationMs, ms, {
    title: options.title ?? howLong,
    description: describe(values),
  });
}

function msOf(value: Duration): number {
  return typeof value === "object" && value !== null ? value.duration : value;
}

function describe(values: { name: string; value: number }[]): string {
  const { took, timesAsFast } = words();
  const all = values.map(({ name, value }) => took(name, plain(threeDigits(value)))).join(", ");
  const [first, last] = [values[0]!, values.at(-1)!];
  if (values.length < 2 || last.value === 0) return `${all}.`;
  return timesAsFast(all, last.name, count(threeDigits(first.value / last.value), "time"), first.name);
}
