import { escapeHtml } from "./escape";

/** How text is drawn: colours are a class of the page (`ansi-red`) or a CSS colour. */
interface Pen {
  color?: string;
  background?: string;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
  strike?: boolean;
  overline?: boolean;
  inverse?: boolean;
  /** Where the text leads, if it is a link (OSC 8). */
  href?: string;
}

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
// CSI sequences, OSC sequences (links, titles), and other two-character escapes (ECMA-48).
const [ESC, BEL] = ["\\u001b", "\\u0007"];
const ESCAPE = new RegExp(
  String.raw`${ESC}(?:\[([0-9;:?<=>]*)[ -/]*([@-~])|\]([^${BEL}${ESC}]*)(?:${BEL}|${ESC}\\)?|[ -/]*[0-~])`,
  "g",
);

/**
 * Terminal text as HTML: colours and styles (SGR, ECMA-48) as spans, links (OSC 8) as links, other control sequences
 * left out.
 */
export function ansiToHtml(text: string): string {
  const pieces = text.split(ESCAPE);
  let pen: Pen = {};
  let html = "";
  // `split` yields text, parameters, final letter, operating system command, text, and so on.
  for (let at = 0; at < pieces.length; at += 4) {
    const [shown, parameters, letter, command] = pieces.slice(at, at + 4);
    html += drawn(shown!, pen);
    if (letter === "m") pen = withCodes(pen, parameters!);
    if (command?.startsWith("8;")) pen = { ...pen, href: addressOf(command) };
  }
  return html;
}

/** The address of `8;parameters;address`; only those that a reader may follow. */
function addressOf(command: string): string | undefined {
  const address = command.split(";").slice(2).join(";");
  return /^(?:https?|mailto|ftp):/i.test(address) ? address : undefined;
}

/** Terminal text without its control sequences. */
export function withoutAnsi(text: string): string {
  return text.replace(ESCAPE, "");
}

/** The pen after codes; the parts of one code are divided by colons, or (38, 48, 58) follow it as codes. */
function withCodes(pen: Pen, parameters: string): Pen {
  const codes = parameters.split(";").map((code) => code.split(":"));
  let next = pen;
  while (codes.length > 0) {
    const [code, ...parts] = codes.shift()!;
    next = withCode(next, Number(code), parts, codes);
  }
  return next;
}

function withCode(pen: Pen, code: number, parts: string[], rest: string[][]): Pen {
  if (code === 0) return { href: pen.href };
  if (code === 38 || code === 48 || code === 58) {
    const color = parts.length > 0 ? colorOfParts(parts) : colorOfCodes(rest);
    // The colour of an underline is read, so that its numbers are not taken for styles, and not drawn.
    if (code === 58) return pen;
    return code === 38 ? { ...pen, color } : { ...pen, background: color };
  }
  // `4:3` is a curly line, `4:0` none.
  if (code === 4 && parts.length > 0) return { ...pen, underline: parts[0] !== "0" };
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
  9: { strike: true },
  21: { underline: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  29: { strike: false },
  39: { color: undefined },
  49: { background: undefined },
  53: { overline: true },
  55: { overline: false },
};

/** The colour of `2:r:g:b`, with or without a colour space before the red, or `5:n`. */
function colorOfParts([kind, ...numbers]: string[]): string | undefined {
  if (kind === "2") return rgb(numbers.length > 3 ? numbers.slice(1, 4) : numbers);
  return kind === "5" ? indexed(numbers[0]) : undefined;
}

/** The colour of the codes `2;r;g;b` or `5;n`, which are taken from the rest. */
function colorOfCodes(rest: string[][]): string | undefined {
  const kind = rest.shift()?.[0];
  if (kind === "2") return rgb(rest.splice(0, 3).map(([number]) => number));
  return kind === "5" ? indexed(rest.shift()?.[0]) : undefined;
}

function rgb(numbers: (string | undefined)[]): string {
  return `rgb(${[0, 1, 2].map((at) => toByte(numbers[at])).join(" ")})`;
}

/** A colour of the table of 256: 16 names, a cube of 216, 24 greys. */
function indexed(number: string | undefined): string {
  const index = toByte(number);
  if (index < 16) return (index < 8 ? "" : "bright-") + NAMES[index % 8];
  if (index >= 232) return rgb(Array(3).fill(`${(index - 232) * 10 + 8}`));
  const cube = index - 16;
  return rgb(
    [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => `${level && level * 40 + 55}`),
  );
}

function toByte(number: string | undefined): number {
  return Math.min(255, Math.max(0, Math.trunc(Number(number) || 0)));
}

function drawn(text: string, pen: Pen): string {
  if (text === "") return "";
  const classes = [
    ...(["bold", "dim", "italic", "underline", "strike", "overline", "inverse"] as const).filter(
      (style) => pen[style],
    ),
    ...(isNamed(pen.color) ? [pen.color] : []),
    ...(isNamed(pen.background) ? [`on-${pen.background}`] : []),
  ].map((name) => `ansi-${name}`);
  const styles = [
    ...(pen.color && !isNamed(pen.color) ? [`color: ${pen.color}`] : []),
    ...(pen.background && !isNamed(pen.background) ? [`background: ${pen.background}`] : []),
  ];
  const inner = escapeHtml(text);
  if (pen.href !== undefined)
    return `<a href="${escapeHtml(pen.href)}">${spanHtml(inner, classes, styles)}</a>`;
  return spanHtml(inner, classes, styles);
}

function spanHtml(inner: string, classes: string[], styles: string[]): string {
  if (classes.length + styles.length === 0) return inner;
  const attributes = `${classes.length ? ` class="${classes.join(" ")}"` : ""}${styles.length ? ` style="${styles.join("; ")}"` : ""}`;
  return `<span${attributes}>${inner}</span>`;
}

function isNamed(color: string | undefined): color is string {
  return color !== undefined && !color.startsWith("rgb");
}
