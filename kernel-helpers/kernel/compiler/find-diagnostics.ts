/** What is wrong with a cell and the files it imports, as the compiler says it. */

import type { Diagnostic, SourceFile } from "typescript";
import { filesOf } from "./imported-files";
import type { Program, TypeScript } from "./tsc";

/** The code of a package without types: it is `any`, and the cell says so beside its output. */
export const untypedPackage = 7016;

/**
 * What is no fault here: a JSX element is `any` where nothing declares elements, as without React; `import x =
 * require("y")` and `export =` are what a CommonJS module may say, and cells and their files become such modules.
 */
const noFault = new Set([7026, 1202, 1203]);

/**
 * Syntax first: what follows from a broken one says nothing. Declarations are the kernel's own affair, how it knows
 * the names of a cell in the next one, and so is what they cannot express.
 */
export function findDiagnostics(ts: TypeScript, program: Program, cell: SourceFile): Diagnostic[] {
  const isJson = ({ fileName }: SourceFile) => fileName.endsWith(".json");
  const files = [cell, ...filesOf(ts, program, cell).files.keys()];
  const broken = files.flatMap((file) => program.getSyntacticDiagnostics(file));
  if (broken.length > 0) return broken;
  const checked = files.filter((file) => !isJson(file));
  const found = checked.flatMap((file) => program.getSemanticDiagnostics(file));
  return ts.sortAndDeduplicateDiagnostics(found).filter(({ code }) => !noFault.has(code));
}
