import { barChart, namedValues } from "./bar-chart";
import { Chart } from "./chart";
import { threeDigits } from "./numbers";
import { plain, words } from "./words";

export interface CostOptions {
  /** The title of the chart. @default "What a call costs" */
  title?: string;
  /** The unit of the numbers, "мкс" in the Russian edition. @default "µs" */
  unit?: string;
}

/**
 * What each kind of call costs, as bars in the order given.
 *
 * @throws RangeError if there is no cost, TypeError if one is not a number of at least 0.
 */
export function costChart(costs: { [name: string]: number }, options: CostOptions = {}): Chart {
  const { costOfCall, timeForCall, costs: cost, us } = words();
  const { title = costOfCall, unit = us } = options;
  const values = namedValues("costChart's object", costs);
  const all = values.map(({ name, value }) => cost(name, plain(threeDigits(value)), unit)).join(", ");
  return barChart(values, timeForCall(unit), unit, { title, description: `${all}.` });
}
