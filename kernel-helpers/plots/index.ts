/** Timeline events in, Vega-Lite specs out; `show` is the one place that displays. */
export {};
