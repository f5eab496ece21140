import { escapeHtml } from "./escape";

/** How text is drawn: colours are a class of the page (`ansi-red`) or a CSS colour. */
interface Pen {
  color?: string;
  background?: string;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
  inverse?: boolean;
}

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
// CSI sequences, OSC sequences (links, titles), and other two-character escapes (ECMA-48).
const [ESC, BEL] = ["\\u001b", "\\u0007"];
const ESCAPE = new RegExp(
  String.raw`${ESC}(?:\[([0-9;:?<=>]*)[ -/]*([@-~])|\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\)?|[@-_])`,
  "g",
);

/** Terminal text as HTML: colours and styles (SGR, ECMA-48) as spans, other control sequences left out. */
export function ansiToHtml(text: string): string {
  const pieces = text.split(ESCAPE);
  let pen: Pen = {};
  let html = "";
  // `split` yields text, parameters, final letter, text, and so on.
  for (let at = 0; at < pieces.length; at += 3) {
    html += drawn(pieces[at]!, pen);
    if (pieces[at + 2] === "m") pen = withCodes(pen, pieces[at + 1]!);
  }
  return html;
}

/** Terminal text without its control sequences. */
export function withoutAnsi(text: string): string {
  return text.replace(ESCAPE, "");
}

function withCodes(pen: Pen, parameters: string): Pen {
  const codes = parameters.split(/[;:]/).map(Number);
  let next = pen;
  while (codes.length > 0) next = withCode(next, codes.shift()!, codes);
  return next;
}

/** The pen after one code; `rest` gives up the numbers of an extended colour. */
function withCode(pen: Pen, code: number, rest: number[]): Pen {
  if (code === 0) return {};
  if (code === 38) return { ...pen, color: extended(rest) };
  if (code === 48) return { ...pen, background: extended(rest) };
  if (STYLES[code]) return { ...pen, ...STYLES[code] };
  const name = NAMES[code % 10];
  if (name && code >= 30 && code <= 37) return { ...pen, color: name };
  if (name && code >= 40 && code <= 47) return { ...pen, background: name };
  if (name && code >= 90 && code <= 97) return { ...pen, color: `bright-${name}` };
  if (name && code >= 100 && code <= 107) return { ...pen, background: `bright-${name}` };
  return pen;
}

const STYLES: Record<number, Pen> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  39: { color: undefined },
  49: { background: undefined },
};

/** The colour after 38 or 48: `2;r;g;b`, or `5;n` from the table of 256. */
function extended(rest: number[]): string | undefined {
  const kind = rest.shift();
  if (kind === 2) return `rgb(${rest.splice(0, 3).map(toByte).join(" ")})`;
  if (kind !== 5) return undefined;
  const index = toByte(rest.shift());
  if (index < 16) return (index < 8 ? "" : "bright-") + NAMES[index % 8];
  if (index >= 232)
    return `rgb(${Array(3)
      .fill((index - 232) * 10 + 8)
      .join(" ")})`;
  const cube = index - 16;
  return `rgb(${[Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => level && level * 40 + 55).join(" ")})`;
}

function toByte(value: number | undefined): number {
  return Math.min(255, Math.max(0, Math.trunc(value || 0)));
}

function drawn(text: string, pen: Pen): string {
  if (text === "") return "";
  const classes = [
    ...(["bold", "dim", "italic", "underline", "inverse"] as const).filter((style) => pen[style]),
    ...(isNamed(pen.color) ? [pen.color] : []),
    ...(isNamed(pen.background) ? [`on-${pen.background}`] : []),
  ].map((name) => `ansi-${name}`);
  const styles = [
    ...(pen.color && !isNamed(pen.color) ? [`color: ${pen.color}`] : []),
    ...(pen.background && !isNamed(pen.background) ? [`background: ${pen.background}`] : []),
  ];
  if (classes.length + styles.length === 0) return escapeHtml(text);
  const attributes = `${classes.length ? ` class="${classes.join(" ")}"` : ""}${styles.length ? ` style="${styles.join("; ")}"` : ""}`;
  return `<span${attributes}>${escapeHtml(text)}</span>`;
}

function isNamed(color: string | undefined): color is string {
  return color !== undefined && !color.startsWith("rgb");
}
