/** A Vega-Lite v5 specification: plain JSON. */
export interface VegaLiteSpec {
  [property: string]: unknown;
}
