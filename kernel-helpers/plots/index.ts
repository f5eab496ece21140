/** Timeline events in, Vega-Lite specs out; `show` is the one place that displays. */

export type { ChartWords, MimeBundle, VegaLiteSpec } from "./chart";
export { Chart, jupyterDisplay } from "./chart";
export type { ComparisonOptions, Duration } from "./comparison";
export { comparisonChart } from "./comparison";
export type { ConcurrencyChartOptions } from "./concurrency";
export { concurrencyChart } from "./concurrency";
export type { CostOptions } from "./cost";
export { costChart } from "./cost";
export type { LatencyOptions } from "./latency";
export { latencyChart } from "./latency";
export type { LiveChart, LiveOptions } from "./live";
export { liveChart } from "./live";
export type { LoopDelayData, LoopDelayOptions } from "./loop-delay";
export { loopDelayChart } from "./loop-delay";
export type { ProgressBar, ProgressOptions } from "./progress";
export { progress } from "./progress";
export type { Showable } from "./show";
export { show } from "./show";
export type { ThroughputOptions, ThroughputPoint } from "./throughput";
export { throughputChart } from "./throughput";
