import { sanitizeSvg } from "./sanitize";

/** A drawing ready for an `<img>`: there no script runs, and ids of two charts cannot clash. */
export interface Drawing {
  src: string;
  /** The drawing's own title and description, for who cannot see it. */
  alt: string;
  /** In CSS pixels, when the drawing says so. */
  width?: number;
  height?: number;
}

/** An SVG text as a drawing. */
export function drawingOf(svg: string): Drawing {
  const clean = withNamespace(sanitizeSvg(svg.replace(/^[\s\S]*?(?=<svg[\s>])/, "")).trim());
  return {
    src: toDataUri(clean),
    alt: altOf(clean),
    width: sideOf(clean, "width"),
    height: sideOf(clean, "height"),
  };
}

const PIXELS = { px: 1, pt: 96 / 72 };

function sideOf(svg: string, side: "width" | "height"): number | undefined {
  const [, size, unit = "px"] = new RegExp(`^<svg\\b[^>]*?\\s${side}="([\\d.]+)(px|pt)?"`).exec(svg) ?? [];
  const pixels = Math.round(Number(size) * PIXELS[unit as keyof typeof PIXELS]);
  return pixels > 0 ? pixels : undefined;
}

/** Reads as one sentence after the other: label or title first, then the description. */
function altOf(svg: string): string {
  const root = /^<svg\b[^>]*>/.exec(svg)?.[0] ?? "";
  const label = /\saria-label="([^"]*)"/.exec(root)?.[1];
  const title = /<title\b[^>]*>([^<]*)<\/title>/.exec(svg)?.[1];
  const desc = /<desc\b[^>]*>([^<]*)<\/desc>/.exec(svg)?.[1];
  const parts = [title ?? label, desc]
    .map((part) => unescaped(part ?? "").trim())
    .filter((part) => part !== "");
  return parts
    .map((part, index) => (index < parts.length - 1 && !/[.!?]$/.test(part) ? `${part}.` : part))
    .join(" ");
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", "#39": "'", amp: "&" };

function unescaped(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|#39|amp);/g, (_, name: string) => ENTITIES[name]!);
}

function withNamespace(svg: string): string {
  return /^<svg\b[^>]*\sxmlns=/.test(svg)
    ? svg
    : svg.replace(/^<svg\b/, '<svg xmlns="http://www.w3.org/2000/svg"');
}

/** Percent-encoded, but for what may stand as it is: shorter than base64, and the text can be searched. */
function toDataUri(svg: string): string {
  const encoded = encodeURIComponent(svg.replace(/\p{Surrogate}/gu, "\ufffd")).replace(
    /%(20|3D|3A|2F|2C|3B)/g,
    decodeURIComponent,
  );
  return `data:image/svg+xml,${encoded}`;
}
