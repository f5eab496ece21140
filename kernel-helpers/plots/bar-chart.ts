import { Chart, ChartWords } from "./chart";
import { checkNumbers, checkSome } from "./checks";
import { threeDigits } from "./numbers";
import type { VegaLiteSpec } from "./spec";
import { ink, palette } from "./theme";
import { words } from "./words";

/** A named number to be drawn as a bar. */
export interface NamedValue {
  name: string;
  value: number;
}

const barHeight = 34;
/** From this ratio of largest to smallest on, a linear axis would show but the largest. */
const logarithmicFrom = 200;

/**
 * Horizontal bars in the order given, each with its number at its end; a grid would run through the numbers. Where the
 * numbers are so far apart that a linear axis would show but the largest, the axis is logarithmic, and says so. A
 * logarithm has no zero to begin a bar at, so dots stand in place of bars.
 */
export function barChart(values: NamedValue[], axisTitle: string, unit: string, words: ChartWords): Chart {
  const axis = axisOf(
    values.map(({ value }) => value),
    axisTitle,
  );
  const rows = values.map(({ name, value }) => ({ name, value: threeDigits(value) }));
  return new Chart(words, {
    height: rows.length * barHeight,
    datasets: { values: rows },
    data: { name: "values" },
    encoding: {
      y: { field: "name", type: "nominal", sort: null, title: null, axis: { ticks: false } },
      x: { field: "value", type: "quantitative", ...axis.x },
    },
    layer: [axis.from === 0 ? bars() : dots(), numbers(unit)],
    usermeta: { names: rows.map(({ name }) => name) },
  });
}

/** The axis and where its bars begin; both leave room for the number at the end of the longest bar. */
function axisOf(numbers: number[], title: string): { x: VegaLiteSpec; from: number } {
  const most = Math.max(...numbers);
  const least = Math.min(...numbers);
  if (least <= 0 || most / least < logarithmicFrom) {
    const domain = [0, threeDigits(most * 1.15) || 1];
    return { from: 0, x: { title, scale: { domain, nice: false }, axis: { tickCount: 6, grid: false } } };
  }
  const from = 10 ** Math.floor(Math.log10(least) - 0.2);
  const decades = Math.log10(most / from);
  const domain = [from, threeDigits(most * 10 ** (decades * 0.2))];
  const scale = { type: "log", domain, nice: false };
  const values = Array.from({ length: Math.ceil(decades) + 2 }, (_, power) => from * 10 ** power);
  const shown = values.filter((value) => value <= domain[1]!).map(threeDigits);
  // Seven decades have longer labels than their distance: some go, their ticks stay.
  const labels = { grid: false, format: ",~r", labelOverlap: true, labelSeparation: 8, labelBound: true };
  return { from, x: { title: words().logarithmic(title), scale, axis: { values: shown, ...labels } } };
}

const tooltip = () => {
  const { fields } = words();
  return [
    { field: "name", title: fields.name },
    { field: "value", type: "quantitative", title: fields.value },
  ];
};

function bars(): VegaLiteSpec {
  return {
    mark: { type: "bar", height: { band: 0.62 }, color: palette[0] },
    encoding: { x2: { datum: 0 }, tooltip: tooltip() },
  };
}

function dots(): VegaLiteSpec {
  return {
    mark: { type: "point", filled: true, size: 110, opacity: 1, color: palette[0] },
    encoding: { tooltip: tooltip() },
  };
}

function numbers(unit: string): VegaLiteSpec {
  return {
    transform: [{ calculate: `format(datum.value, ',') + ${JSON.stringify(` ${unit}`)}`, as: "label" }],
    mark: { type: "text", align: "left", dx: 9, color: ink, fontSize: 12 },
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
