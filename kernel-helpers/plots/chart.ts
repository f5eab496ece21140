import { inspect } from "node:util";
import { clean, cleanSpec } from "./clean";
import { wrap } from "./numbers";
import { renderSvg } from "./render";
import type { VegaLiteSpec } from "./spec";
import { config, width } from "./theme";
import { language, words } from "./words";

/** The hook by which a kernel asks a value how it wants to be shown; Deno's kernel knows it too. */
export const jupyterDisplay: unique symbol = Symbol.for("Jupyter.display") as never;

/** Media types to contents, as Jupyter sends them. */
export interface MimeBundle {
  [mediaType: string]: unknown;
}

/** What a chart says without being seen. */
export interface ChartWords {
  title: string;
  subtitle?: string | string[];
  /** One sentence that states what the chart shows: the alt text. */
  description: string;
  /** What a terminal prints above the description, in place of the picture. */
  text?: () => string;
}

/** A chart: a Vega-Lite specification with its alt text. Shows itself as the last expression of a cell. */
export class Chart {
  readonly title: string;
  readonly description: string;
  /** The Vega-Lite v5 specification, complete with theme and data. */
  readonly spec: VegaLiteSpec;
  readonly #text: (() => string) | undefined;

  constructor(words: ChartWords, body: VegaLiteSpec) {
    this.title = clean(words.title);
    this.description = clean(words.description);
    this.#text = words.text;
    this.spec = cleanSpec(completeSpec(words, body));
  }

  /** The chart as SVG, with title and description for those who do not see it. */
  toSvg(): string {
    return renderSvg(this.spec, this.title, this.description);
  }

  /** The chart in every form that a front end may choose from. */
  toMimeBundle(): MimeBundle {
    return {
      "application/vnd.vegalite.v5+json": this.spec,
      "image/svg+xml": this.toSvg(),
      "text/plain": `${this.title}. ${this.description}`,
    };
  }

  /** The chart in words and characters, for a terminal. */
  toString(): string {
    return [this.title, this.#text?.(), this.description].filter(Boolean).join("\n");
  }

  [jupyterDisplay](): MimeBundle {
    return this.toMimeBundle();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** About how wide the plot is, before anything has measured the labels on its left. */
export function plotWidth(labels: string[]): number {
  return width - 20 - Math.min(170, 7 * Math.max(...labels.map(({ length }) => length)));
}

/** The parts of a legend in lines that fit above the plot. */
export function legendLines(parts: string[], labels: string[]): string[] {
  return wrap(parts, " · ", plotWidth(labels) / words().pxPerLetter);
}

/** Numbers on the axes, as the edition writes them. */
function locale(): object {
  if (language() === "en") return {};
  const number = { decimal: ",", thousands: "\u00a0", grouping: [3], currency: ["", "\u00a0₽"] };
  return { locale: { number } };
}

function completeSpec({ title, subtitle, description }: ChartWords, body: VegaLiteSpec): VegaLiteSpec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    description,
    title: subtitle ? { text: title, subtitle } : title,
    // Several views below one another have widths of their own, and none of them can fit itself.
    ...(!("vconcat" in body) && { width, autosize: { type: "fit-x", contains: "padding" } }),
    ...body,
    config: { ...config, ...(body.config as object), ...locale() },
    // As SVG the text follows the page's colour, also when the theme changes; a canvas would keep the first one.
    usermeta: { ...(body.usermeta as object), embedOptions: { renderer: "svg" } },
  };
}
