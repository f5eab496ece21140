/** What the compiler says -> what Jupyter shows of it, with the way out where the compiler is too old. */

import type { Diagnostic } from "tslab/dist/converter";
import { boldRed, codeFrame, type Failure } from "./traceback";

/** Syntax of later compilers: how the bundled one stumbles over it, and what to write instead. */
const newerSyntax = [
  {
    pattern: /\b(?:await\s+)?using\s+[\p{L}_$][\w$]*\s*(?:=|:|of\b)/u,
    hint: "`using` came with TypeScript 5.2. Use try { … } finally { … } and dispose there.",
  },
];

/** Library of ECMAScript 2023 and later, which the kernel's compiler does not declare although Node has it. */
const newerLibrary = new Set(
  `findLast findLastIndex toReversed toSorted toSpliced with fromAsync withResolvers groupBy try
   union intersection difference symmetricDifference isSubsetOf isSupersetOf isDisjointFrom
   isWellFormed toWellFormed waitAsync transfer transferToFixedLength resize resizable maxByteLength
   dispose asyncDispose DisposableStack AsyncDisposableStack SuppressedError Iterator escape isError
   getOrInsert getOrInsertComputed sumPrecise f16round getFloat16 setFloat16 Float16Array
   fromBase64 toBase64 fromHex toHex setFromBase64 setFromHex`.split(/\s+/),
);

/** Codes for a name or a property that is not declared. */
const undeclared = new Set([2304, 2339, 2550, 2551, 2552, 2568, 2583]);

/** Says that the compiler is too old for what a diagnostic complains about, if it is. */
export function hintFor(diagnostic: Diagnostic, source: string, typescript: string): string | undefined {
  const line = source.split(/\r?\n/)[diagnostic.start.line] ?? "";
  const older = `This kernel compiles with TypeScript ${typescript}`;
  const syntax = newerSyntax.find(({ pattern }) => pattern.test(line));
  if (syntax) return `${older}: ${syntax.hint}`;
  const name = /['"]([\w$]+)['"]/.exec(diagnostic.messageText)?.[1];
  if (!name || !undeclared.has(diagnostic.code) || !newerLibrary.has(name)) return undefined;
  return `${older}, whose library ends at ES2022 and does not know \`${name}\`. Node has it: reach it through \`any\`, as in \`(value as any).${name}\`.`;
}

/** Codes below this one are syntax errors. Source: TypeScript's diagnosticMessages.json. */
const firstSemantic = 2000;

function place({ fileName, start }: Diagnostic, label: string): string {
  return `${fileName ?? label}, line ${start.line + 1}, column ${start.character + 1}`;
}

/** tslab flattens a chain of reasons into diagnostics of one place: the later ones explain the first. */
function explains(diagnostic: Diagnostic, before: Diagnostic | undefined): boolean {
  return before !== undefined && before.start.offset === diagnostic.start.offset;
}

function section(diagnostic: Diagnostic, before: Diagnostic | undefined, compiled: Compiled): string[] {
  const { source, label, typescript } = compiled;
  if (explains(diagnostic, before)) return [`  ${diagnostic.messageText}`];
  const hint = hintFor(diagnostic, source, typescript);
  const { start } = diagnostic;
  return [
    `${boldRed(`TS${diagnostic.code}`)} at ${place(diagnostic, label)}: ${diagnostic.messageText}`,
    ...(diagnostic.fileName ? [] : codeFrame(source, start.line + 1, start.character + 1)),
    ...(hint ? [hint] : []),
  ];
}

/** What was compiled. */
export interface Compiled {
  source: string;
  /** `cell 3` */
  label: string;
  /** The compiler's version. */
  typescript: string;
}

/**
 * tslab appends a line of exports to the cell, and a cell that ends too early is found at fault only
 * there: such a place becomes the end of the cell, once.
 */
function withinSource(diagnostics: Diagnostic[], source: string): Diagnostic[] {
  const lines = source.split(/\r?\n/);
  const end = { offset: source.length, line: lines.length - 1, character: lines.at(-1)!.length };
  const isInside = ({ start, fileName }: Diagnostic) => fileName !== undefined || start.line < lines.length;
  const outside = diagnostics.find((each) => !isInside(each));
  return [...diagnostics.filter(isInside), ...(outside ? [{ ...outside, start: end, end }] : [])];
}

/** Describes the diagnostics of one cell; there must be at least one. */
export function describeDiagnostics(found: Diagnostic[], compiled: Compiled): Failure {
  const diagnostics = withinSource(found, compiled.source);
  const [first] = diagnostics as [Diagnostic, ...Diagnostic[]];
  const more = diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : "";
  return {
    ename: first.code < firstSemantic ? "SyntaxError" : "TypeScriptError",
    evalue: `TS${first.code} at ${place(first, compiled.label)}: ${first.messageText}${more}`,
    traceback: diagnostics.flatMap((each, index) => section(each, diagnostics[index - 1], compiled)),
  };
}
