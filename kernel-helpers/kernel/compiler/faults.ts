/** The compiler's diagnostics -> faults in the reader's words. */

import { relative } from "node:path";
import type { Diagnostic, DiagnosticMessageChain } from "typescript";
import { type CellSource, prefix } from "./cell-source";
import type { Fault } from "./protocol";
import type { TypeScript } from "./tsc";

/** Codes for a name that is not declared, whatever else TypeScript guesses about it. */
const unknownName = new Set([2304, 2503, 2552, 2580, 2581, 2582, 2584, 2591, 2592, 2593, 2868, 18004]);
/** A module or a member of one that is not found: what else is wrong may come of it. */
const unknownModule = new Set([2305, 2307, 2614, 2724, 2792, 2882]);
const notFound = new Set([2307, 2882]);

/** What the sentences need to know of the session. */
export interface FaultWorld {
  ts: TypeScript;
  cell: CellSource;
  cwd: string;
  /** Whether a tsconfig.json says which library there is, and not the Node that runs. */
  hasOwnLibrary: boolean;
  /** The cell that declares a name and failed, if there is one. */
  failedCellOf(name: string): string | undefined;
  /** A cell that is a module, by its path. */
  moduleCell(path: string): { label: string; source: string } | undefined;
}

/** Whether one letter more, less, other or swapped makes one of the other. */
function isSlip(wrong: string, right: string): boolean {
  if (Math.abs(wrong.length - right.length) > 1 || right.length < 4) return false;
  let from = 0;
  while (from < wrong.length && wrong[from] === right[from]) from++;
  const [a, b] = [wrong.slice(from), right.slice(from)];
  const swapped = a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
  return swapped || a.slice(1) === b || a === b.slice(1) || a.slice(1) === b.slice(1);
}

/** A name that nothing declares: most often a cell has not been run, and a guess would mislead. */
function unknownNameText(name: string, message: string, { failedCellOf, cell }: FaultWorld): string {
  const failed = failedCellOf(name);
  if (failed) return `\`${name}\` is not defined: ${failed}, which declares it, failed.`;
  const guess = /Did you mean '([^']+)'/.exec(message)?.[1];
  const said = `\`${name}\` is not defined yet: no cell run so far makes it; run the cell that declares it first.`;
  if (process.getBuiltinModule?.(name))
    return `${said} Or is Node's module meant? \`import ${name} from "node:${name}"\``;
  const isOwn = guess && new RegExp(`\\b${guess.replaceAll("$", "\\$")}\\b`).test(cell.text);
  return guess && isSlip(name, guess) && (isOwn || guess in globalThis)
    ? `${said} Or is \`${guess}\` meant?`
    : said;
}

/** The chain below the first message, a line each. */
function reasons(next: DiagnosticMessageChain[] | undefined, depth = 1): string[] {
  return (next ?? []).flatMap((each) => [
    `${"  ".repeat(depth)}${each.messageText}`,
    ...reasons(each.next, depth + 1),
  ]);
}

const libraryAdvice = / Do you need to change your target library\?.*$/s;

function isSettled(name: string): boolean {
  return /^[./]|:/.test(name);
}

function worded(
  { code, messageText }: Diagnostic,
  span: string,
  world: FaultWorld,
): Pick<Fault, "message" | "reasons" | "hint"> {
  const chain = typeof messageText === "string" ? { messageText, next: undefined } : messageText;
  const message = world.hasOwnLibrary
    ? chain.messageText
    : chain.messageText.replace(libraryAdvice, ` Node.js ${process.version} does not have it.`);
  const said = { message, reasons: reasons(chain.next) };
  if (unknownName.has(code)) return { message: unknownNameText(span, message, world), reasons: [] };
  if (!notFound.has(code)) return said;
  const name = /'([^']+)'/.exec(message)?.[1] ?? "";
  if (isSettled(name)) return said;
  const [first, second] = name.split("/");
  return {
    ...said,
    hint: `Is it installed? \`npm install ${first?.startsWith("@") ? `${first}/${second}` : first}\``,
  };
}

/** Where a diagnostic is, as the reader counts; tslab adds a line before a cell and one after it. */
function placed(offset: number, source: string, added: number): { line: number; column: number } {
  const at = Math.min(Math.max(0, offset - added), source.length);
  const before = source.slice(0, at).split(/\r\n|\n|\r/);
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

function fault(diagnostic: Diagnostic, world: FaultWorld): Fault {
  const { file, start = 0, length = 0, code } = diagnostic;
  const cell = file && world.moduleCell(file.fileName);
  const isCell = !file || file === world.cell.file || /\/__(?:tslab__|prev__\.d)\.tsx?$/.test(file.fileName);
  const text = file?.text ?? "";
  const source = isCell ? world.cell.text : (cell?.source ?? text);
  const added = file && file !== world.cell.file && (isCell || cell) ? prefix.length : 0;
  return {
    code,
    ...worded(diagnostic, text.slice(start, start + length), world),
    ...(isCell
      ? {}
      : { fileName: cell?.label ?? relative(world.cwd, file.fileName).replaceAll("\\", "/"), source }),
    ...placed(start, source, added),
  };
}

/** Hides what is only a consequence: of a name or a module that is not there, everything that uses it is wrong. */
function firstCauses(diagnostics: Diagnostic[]): Diagnostic[] {
  const causes = diagnostics.filter(({ code }) => unknownName.has(code) || unknownModule.has(code));
  return causes.length > 0 ? causes : diagnostics;
}

/** What keeps a cell from running. */
export function faults(diagnostics: Diagnostic[], world: FaultWorld): Fault[] {
  return firstCauses(diagnostics).map((each) => fault(each, world));
}

/** What a reader should know of a package that comes without types. */
export function untypedHint({ messageText }: Diagnostic, ts: TypeScript): string {
  const name = /module '([^']+)'/.exec(ts.flattenDiagnosticMessageText(messageText, "\n"))?.[1] ?? "";
  const [first, second] = name.split("/") as [string, string?];
  const types = first.startsWith("@") ? `${first.slice(1)}__${second}` : first;
  return `\`${name}\` comes without types, so everything in it is \`any\`. If there are any: npm install --save-dev @types/${types}`;
}
