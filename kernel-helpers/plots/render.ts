import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { VegaLiteSpec } from "./spec";
import { font } from "./theme";

interface Vega {
  textMetrics: { width(item: TextItem, text?: string): number };
  parse(spec: unknown): unknown;
  View: new (runtime: unknown, options: unknown) => VegaView;
  SVGStringRenderer: new () => SvgRenderer;
}

interface TextItem {
  text?: unknown;
  fontSize?: number;
}

interface VegaView {
  run(): VegaView;
  padding(): { left: number; right: number; top: number; bottom: number };
  scenegraph(): { root: unknown };
  finalize(): void;
  _viewWidth: number;
  _viewHeight: number;
  _origin: [number, number];
}

interface SvgRenderer {
  initialize(element: null, width: number, height: number, origin: [number, number]): SvgRenderer;
  render(scene: unknown): SvgRenderer;
  svg(): string;
}

/**
 * Draws a specification as SVG, at once and without a browser. Vega is loaded at the first use
 * (some 300 ms), so that a notebook without a chart does not wait for it.
 */
export function renderSvg(spec: VegaLiteSpec, title: string, description: string): string {
  const { vega, vegaLite } = loadVega();
  // Vega marks the rows it reads, and they are the chart's.
  const own = structuredClone(spec);
  const estimate = vega.textMetrics.width;
  vega.textMetrics.width = textWidth;
  const view = new vega.View(vega.parse(vegaLite.compile(own).spec), { renderer: "none" });
  try {
    return describe(ownIds(compact(draw(vega, view.run()))), title, description);
  } finally {
    view.finalize();
    vega.textMetrics.width = estimate;
  }
}

interface VegaLite {
  compile(spec: unknown): { spec: unknown };
}

/** Optional peers of this package, which takes ten times the space with them. */
function loadVega(): { vega: Vega; vegaLite: VegaLite } {
  try {
    const vega = load("vega");
    return { vega: vega as Vega, vegaLite: load("vega-lite", { vega }) as VegaLite };
  } catch (cause) {
    if ((cause as { code?: string }).code !== "MODULE_NOT_FOUND") throw cause;
    throw new Error(
      "Drawing a chart takes vega and vega-lite, which are not installed: npm install vega@5 vega-lite@5",
      { cause },
    );
  }
}

/** Version 6 is of ES modules, which wait as they load and so cannot be required; its script for browsers can. */
function load(name: string, given: Record<string, unknown> = {}): unknown {
  try {
    return require(name);
  } catch (error) {
    if (!/^ERR_REQUIRE_/.test(String((error as { code?: string }).code))) throw error;
    const script = join(dirname(require.resolve(name)), `${name}.min.js`);
    const exported = {};
    const wrapper = new Function("exports", "module", "require", readFileSync(script, "utf8"));
    wrapper(exported, {}, (id: string) => given[id]);
    return exported;
  }
}

/** What `view.toSVG()` does, without its promise: a cell's last expression cannot wait. */
function draw(vega: Vega, view: VegaView): string {
  const { left, right, top, bottom } = view.padding();
  const [x, y] = view._origin;
  return new vega.SVGStringRenderer()
    .initialize(null, view._viewWidth + left + right, view._viewHeight + top + bottom, [x + left, y + top])
    .render(view.scenegraph().root)
    .svg();
}

/** Without a canvas Vega takes every letter for 0.8 em and so leaves wide margins; these are a sans-serif's widths. */
function textWidth(item: TextItem, text: unknown = item.text): number {
  let ems = 0;
  for (const letter of String(text ?? "")) ems += letterWidth(letter);
  return ems * (item.fontSize ?? 11) * 1.06;
}

function letterWidth(letter: string): number {
  if (/[ijl.,:;'|!]/.test(letter)) return 0.27;
  if (/[frt()[\] ·-]/.test(letter)) return 0.36;
  if (/[mwMW@]/.test(letter)) return 0.88;
  if (/[A-Z]/.test(letter)) return 0.68;
  return letter.codePointAt(0)! > 0x1100 ? 1.1 : 0.56;
}

function describe(svg: string, title: string, description: string): string {
  const words = `<title>${escapeXml(title)}</title><desc>${escapeXml(description)}</desc>`;
  return svg.replace(
    /^<svg([^>]*)>/,
    (_, attributes) => `<svg role="img"${attributes}>${words}<style>${ownColour}</style>`,
  );
}

/**
 * Within a page, text takes the page's colour. By itself, as an image on GitHub, the picture is its own document:
 * `:root`, which it is not within a page.
 */
const ownColour = "svg:root{color:#1f2328}@media(prefers-color-scheme:dark){svg:root{color:#d1d7e0}}";

/** Outputs are stored in the notebook: what draws nothing or repeats the default goes, and no px is finer than 0.1. */
function compact(svg: string): string {
  return svg
    .replace(/<path class="(back|fore)ground"[^>]* d="(M0,0h0v0h0Z)?"[^>]*\/>/g, "")
    .replace(/<[^>]+>/g, compactTag)
    .replace(/<g\/>|<g><\/g>/g, "")
    .replace("<g ", `<g font-family="${font}" `);
}

const defaults = / (opacity="1"|stroke-width="1"|pointer-events="none"|(aria-[a-z]+|role|class)="[^"]*")/g;

function compactTag(tag: string): string {
  return tag
    .replace(defaults, "")
    .replace(` font-family="${font}"`, "")
    .replace(/\d+\.\d{2,}/g, shorter);
}

/** Vega counts its clips over all charts. In a page of many pictures each needs ids of its own, the same in every run. */
function ownIds(svg: string): string {
  const numbers = new Map<string, number>();
  const numberOf = (id: string) => numbers.get(id) ?? numbers.set(id, numbers.size).get(id)!;
  const numbered = svg.replace(/\bclip(\d+)\b(?=["')])/g, (_, id) => `clip-${numberOf(id)}`);
  const mark = createHash("sha256").update(numbered).digest("hex").slice(0, 8);
  return numbered.replace(/\bclip-(\d+)(?=["')])/g, `c${mark}-$1`);
}

/** Below 1 it may be an opacity. */
function shorter(number: string): string {
  return String(Number(Number(number).toFixed(Number(number) < 1 ? 2 : 1)));
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
