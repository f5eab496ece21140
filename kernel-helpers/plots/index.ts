/** Timeline events in, Vega-Lite specs out; `show` is the one place that displays. */

export type { ChartWords, MimeBundle, VegaLiteSpec } from "./chart";
export { Chart, jupyterDisplay } from "./chart";
export { concurrencyChart } from "./concurrency";
export type { Showable } from "./show";
export { show } from "./show";
