import { Chart, ChartWords, VegaLiteSpec } from "./chart";
import { checkNumbers, checkSome } from "./checks";
import { ink, palette } from "./theme";
import { threeDigits } from "./words";

/** A named number to be drawn as a bar. */
export interface NamedValue {
  name: string;
  value: number;
}

const barHeight = 34;

/** Horizontal bars in the order given, each with its number at its end. */
export function barChart(values: NamedValue[], axisTitle: string, unit: string, words: ChartWords): Chart {
  const most = Math.max(...values.map(({ value }) => value));
  const rows = values.map(({ name, value }) => ({ name, value: threeDigits(value) }));
  return new Chart(words, {
    height: rows.length * barHeight,
    datasets: { values: rows },
    data: { name: "values" },
    encoding: {
      y: { field: "name", type: "nominal", sort: null, title: null, axis: { ticks: false } },
      // Room for the number at the end of the longest bar.
      x: {
        field: "value",
        type: "quantitative",
        title: axisTitle,
        scale: { domain: [0, threeDigits(most * 1.15) || 1], nice: false },
        axis: { tickCount: 6 },
      },
    },
    layer: [bars(), numbers(unit)],
    usermeta: { names: rows.map(({ name }) => name) },
  });
}

function bars(): VegaLiteSpec {
  return {
    mark: { type: "bar", height: { band: 0.62 }, color: palette[0] },
    encoding: { tooltip: [{ field: "name" }, { field: "value", type: "quantitative" }] },
  };
}

function numbers(unit: string): VegaLiteSpec {
  return {
    transform: [{ calculate: `format(datum.value, ',') + ${JSON.stringify(` ${unit}`)}`, as: "label" }],
    mark: { type: "text", align: "left", dx: 6, color: ink, fontSize: 12 },
    encoding: { text: { field: "label" } },
  };
}

/** The entries of an object of numbers, checked: at least one, all of them finite and not negative. */
export function namedValues(what: string, values: { [name: string]: number }): NamedValue[] {
  const entries = Object.entries(values);
  checkSome(what, entries.length, "Give it at least one name and number, such as { sequential: 610 }.");
  checkNumbers(`The values of ${what}`, Object.values(values));
  return entries.map(([name, value]) => ({ name, value }));
}
