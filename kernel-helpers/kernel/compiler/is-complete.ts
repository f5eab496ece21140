/** Whether code is a whole cell, the beginning of one, or can never become one. */

import type { SourceFile } from "typescript";
import { parseSource } from "./cell-source";
import type { TypeScript } from "./tsc";

/** What is open and may go on over many lines, wherever TypeScript says it: a template, a comment, a JSX element. */
const open = new Set([1160, 1010, 17008, 17014]);

/** What ends with its line: a string, a regular expression. */
const closedByLine = new Set([1002, 1161]);

type Verdict = "complete" | "incomplete" | "invalid";

function verdict(file: SourceFile): Verdict {
  const [first] = (file as unknown as { parseDiagnostics: { start: number; length: number; code: number }[] })
    .parseDiagnostics;
  if (!first) return "complete";
  if (open.has(first.code)) return "incomplete";
  if (closedByLine.has(first.code)) return "invalid";
  return first.start >= file.text.trimEnd().length ? "incomplete" : "invalid";
}

/** How far the next line is indented: as the last one, and a step more where that opens something. */
function indent(code: string): string {
  const last = code.trimEnd().split(/\r?\n/).at(-1) ?? "";
  const before = /^\s*/.exec(last)![0];
  return /[{([]$|=>$/.test(last) ? `${before}  ` : before;
}

/** The content of `is_complete_reply`. */
export function isComplete(ts: TypeScript, code: string): { status: Verdict; indent?: string } {
  const verdicts = [ts.ScriptKind.TS, ts.ScriptKind.TSX].map((kind) => verdict(parseSource(ts, code, kind)));
  const status = (["complete", "incomplete"] as const).find((each) => verdicts.includes(each)) ?? "invalid";
  return status === "incomplete" ? { status, indent: indent(code) } : { status };
}
