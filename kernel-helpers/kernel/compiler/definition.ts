/** Where a name is defined, for a front end that goes there. */

import { relative, sep } from "node:path";
import type { Program, SourceFile } from "typescript";
import type { TypeScript } from "./tsc";

/** A place in a program. */
interface Place {
  file: SourceFile;
  program: Program;
  position: number;
}

/** The key of `inspect_reply`'s metadata that it is told by. */
const key = "kernel-helpers:definition";

interface Definition {
  name: string;
  /** The file as seen from the kernel's folder, with slashes; left out for a name that a cell defines. */
  path?: string;
  /** From 1. */
  line?: number;
}

/** A built package has its sources beside it in a clone. */
const sourceOf = (file: string) =>
  file.replace(/\/dist\/(?!.*\/dist\/)/, "/").replace(/\.d\.([cm]?)ts$/, ".$1ts");

/** The line, from 1, where a text declares a name; 1 where it does not. */
function lineOf(text: string, name: string): number {
  const escaped = name.replace(/\$/g, "\\$");
  const declared = new RegExp(
    `\\b(?:function\\*?|class|interface|type|enum|namespace|const|let|var)\\s+${escaped}(?![\\w$])`,
  );
  const member = new RegExp(
    `^\\s*(?:(?:static|async|readonly|get|set|override|public|abstract)\\s+)*\\*?${escaped}\\s*[(<:=?!]`,
  );
  const lines = text.split("\n");
  const found = [declared, member].map((pattern) => lines.findIndex((line) => pattern.test(line)));
  return Math.max(0, found.find((line) => line >= 0) ?? 0) + 1;
}

/** The metadata that says it; empty where nobody knows. */
export function definition(ts: TypeScript, { file, program, position }: Place): Record<string, Definition> {
  const checker = program.getTypeChecker();
  const node = ts.getTouchingPropertyName(file, position);
  const here = node === file ? undefined : checker.getSymbolAtLocation(node);
  const symbol = here && here.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(here) : here;
  const declaration = symbol?.valueDeclaration ?? symbol?.declarations?.[0];
  if (!symbol || !declaration) return {};
  const source = declaration.getSourceFile();
  const name = node.getText(file);
  const declared = source.fileName;
  // Cells are in no file; neither are the declarations of those before.
  if (source === file || !ts.sys.fileExists(declared)) return { [key]: { name } };
  const written = sourceOf(declared);
  const isWritten = written !== declared && ts.sys.fileExists(written);
  const line = isWritten
    ? lineOf(ts.sys.readFile(written) ?? "", symbol.getName())
    : source.getLineAndCharacterOfPosition(declaration.getStart(source)).line + 1;
  const path = relative(process.cwd(), isWritten ? written : declared);
  return { [key]: { name, path: path.split(sep).join("/"), line } };
}
