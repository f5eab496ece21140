import type MarkdownIt = require("markdown-it");
import type Temml = require("temml");

import { escapeHtml } from "./escape";

/** Loaded with the first formula: few notebooks have one, and it is the largest part of an export. */
const temml = () => require("temml") as typeof Temml;

/**
 * A TeX formula as MathML, which browsers draw by themselves; its source where it is not TeX that is known here.
 * @param isDisplay on a line of its own
 */
export function mathHtml(tex: string, isDisplay: boolean): string {
  try {
    const math = temml().renderToString(tex, { displayMode: isDisplay, throwOnError: true, maxExpand: 1000 });
    // A wide formula scrolls by itself.
    return isDisplay ? `<span class="tml-block">${math}</span>` : math;
  } catch {
    const delimiter = isDisplay ? "$$" : "$";
    const code = `<code class="language-latex">${escapeHtml(`${delimiter}${tex}${delimiter}`)}</code>`;
    return isDisplay ? `<span class="tml-block">${code}</span>` : code;
  }
}

/** An output of text/latex: formulas with their delimiters, or a whole environment; undefined where there is none. */
export function latexHtml(latex: string): string | undefined {
  const text = latex.trim();
  const formula = FORMULA.exec(text);
  if (formula) return mathHtml(formula[1] ?? formula[2] ?? formula[3]!, true);
  if (isEnvironment(text)) return mathHtml(text, true);
  const inline = /^(?:\$([^$]+)\$|\\\(([\s\S]+)\\\))$/.exec(text);
  return inline ? mathHtml(inline[1] ?? inline[2]!, false) : undefined;
}

const FORMULA =
  /^(?:\$\$((?:\\[\s\S]|[^\\$])+)\$\$|\\\[([\s\S]+)\\\]|\$\\displaystyle\s*((?:\\[\s\S]|[^\\$])+)\$)$/;

const ENVIRONMENTS =
  "align|alignat|aligned|array|cases|eqnarray|equation|flalign|gather|gathered|matrix|[bBpvV]matrix|multline|split";

function isEnvironment(text: string): boolean {
  return new RegExp(`^\\\\begin\\{((?:${ENVIRONMENTS})\\*?)\\}[\\s\\S]*\\\\end\\{\\1\\}$`).test(text);
}

interface InlineForm {
  pattern: RegExp;
  /** What it ends with. */
  end: string;
  isDisplay: boolean;
}

/** A dollar sign begins a formula where no letter or digit is before it and no blank after it, so prices stay prices. */
const INLINE: InlineForm[] = [
  { pattern: /\$\$((?:\\.|[^\\$])+?)\$\$/sy, end: "$$", isDisplay: true },
  { pattern: /(?<![\p{L}\p{N}$\\])\$`([^`\n]+)`\$/uy, end: "`$", isDisplay: false },
  {
    pattern: /(?<![\p{L}\p{N}$\\])\$(?![\s$])((?:\\.|[^\\$])*?(?:[^\s\\$]|\\.))\$(?![\p{L}\p{N}$])/suy,
    end: "$",
    isDisplay: false,
  },
  { pattern: /\\\\\(((?:(?!\\\\\)).)+)\\\\\)/sy, end: "\\\\)", isDisplay: false },
  { pattern: /\\\\\[((?:(?!\\\\\]).)+)\\\\\]/sy, end: "\\\\]", isDisplay: true },
  { pattern: /\\\(((?:(?!\\\)).)+)\\\)/sy, end: "\\)", isDisplay: false },
  // `\[note\]` is prose with escaped brackets; a formula has something of TeX in it.
  {
    pattern: /\\\[((?:(?!\\\])[^\\^_=+{])*(?!\\\])[\\^_=+{](?:(?!\\\]).)*)\\\]/sy,
    end: "\\]",
    isDisplay: true,
  },
];

let lastText = "";
let lasts = new Map<string, number>();

/** Where a text has `end` for the last time, -1 for never. Looked for once: else each beginning without an end reads the rest. */
function lastOf(end: string, text: string): number {
  if (text !== lastText) [lastText, lasts] = [text, new Map()];
  const last = lasts.get(end) ?? text.lastIndexOf(end);
  lasts.set(end, last);
  return last;
}

interface Block {
  begins: RegExp;
  ends: RegExp;
}

const DOLLARS: Block = { begins: /^\$\$/, ends: /\$\$\s*$/ };
const BRACKETS: Block = { begins: /^\\{1,2}\[(?=\s*$)/, ends: /\\{1,2}\]\s*$/ };
/** Its first and last words are a part of the formula. */
const ENVIRONMENT: Block = {
  begins: new RegExp(`^(?=\\\\begin\\{(?:${ENVIRONMENTS})\\*?\\})`),
  ends: /\\end\{[a-zA-Z]+\*?\}\s*$/,
};

/**
 * Formulas in Markdown, as Jupyter and GitHub know them: `$…$`, `$$…$$`, `\(…\)`, `\[…\]`, environments such as
 * `align`, and fences of the language `math`.
 */
export function mathPlugin(md: MarkdownIt.MarkdownIt): void {
  md.inline.ruler.before("escape", "math", (state, silent) => {
    const code = state.src.charCodeAt(state.pos);
    if (code !== DOLLAR && code !== BACKSLASH) return false;
    for (const { pattern, end, isDisplay } of INLINE) {
      if (lastOf(end, state.src) <= state.pos) continue;
      pattern.lastIndex = state.pos;
      const tex = pattern.exec(state.src)?.[1];
      if (tex === undefined) continue;
      if (!silent) state.push("math", "", 0).content = mathHtml(tex, isDisplay);
      state.pos = pattern.lastIndex;
      return true;
    }
    return false;
  });
  md.block.ruler.before("fence", "math", blockRule, {
    alt: ["paragraph", "reference", "blockquote", "list"],
  });
  md.renderer.rules.math = (tokens, index) => tokens[index]!.content;
}

const [DOLLAR, BACKSLASH] = [0x24, 0x5c];

function blockRule(
  state: MarkdownIt.StateBlock,
  startLine: number,
  endLine: number,
  silent: boolean,
): boolean {
  if (state.sCount[startLine]! - state.blkIndent >= 4) return false;
  const lineOf = (line: number) =>
    state.src.slice(state.bMarks[line]! + state.tShift[line]!, state.eMarks[line]);
  const first = lineOf(startLine);
  const block = [DOLLARS, BRACKETS, ENVIRONMENT].find(({ begins }) => begins.test(first));
  if (!block) return false;
  const lines = [first.replace(block.begins, "")];
  for (let line = startLine; line < endLine; line++) {
    if (line > startLine) {
      if (state.sCount[line]! < state.blkIndent && lineOf(line) !== "") return false;
      lines.push(lineOf(line));
    }
    if (!block.ends.test(lines.at(-1)!)) continue;
    const text = lines.join("\n");
    const tex = block === ENVIRONMENT ? text : text.replace(block.ends, "");
    if (tex.trim() === "" || (block === DOLLARS && tex.includes("$$"))) return false;
    if (silent) return true;
    state.line = line + 1;
    const token = state.push("math", "", 0);
    token.content = `${mathHtml(tex, true)}\n`;
    token.map = [startLine, line + 1];
    token.block = true;
    return true;
  }
  return false;
}
