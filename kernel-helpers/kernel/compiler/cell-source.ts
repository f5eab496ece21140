/** A cell before it is compiled: what its syntax says, and its text without what only a module can say. */

import type { Node, SourceFile, Statement } from "typescript";
import type { TypeScript } from "./tsc";

export interface CellSource {
  /** As long as the source, so that every position stays what it is. */
  text: string;
  file: SourceFile;
  hasTopLevelAwait: boolean;
  isTsx: boolean;
}

/** What tslab puts before a cell; it makes a module of it, in which `await` is a word of its own. */
export const prefix = "export {};\n";

/** The syntax tree of a module that is never written to disk. */
export function parseSource(ts: TypeScript, text: string, kind: import("typescript").ScriptKind): SourceFile {
  const languageVersion = ts.ScriptTarget.Latest;
  const setExternalModuleIndicator = (file: SourceFile) =>
    Object.assign(file, { externalModuleIndicator: file });
  return ts.createSourceFile("cell.tsx", text, { languageVersion, setExternalModuleIndicator }, true, kind);
}

/** Whether the syntax is in order. */
export function parses(file: SourceFile): boolean {
  return (file as SourceFile & { parseDiagnostics: unknown[] }).parseDiagnostics.length === 0;
}

/** The cell's syntax tree: as TSX only if it is not TypeScript, because `<T>(x: T) => x` is no TSX. */
export function parseCell(ts: TypeScript, source: string): SourceFile {
  const file = parseSource(ts, source, ts.ScriptKind.TS);
  if (parses(file) || !source.includes("<")) return file;
  const tsx = parseSource(ts, source, ts.ScriptKind.TSX);
  return parses(tsx) ? tsx : file;
}

/** Whether a tree awaits outside every function, and so makes its whole module wait. */
export function hasTopLevelAwait(ts: TypeScript, file: SourceFile): boolean {
  const visitAll = (nodes: readonly (Node | undefined)[] = []) => nodes.some((node) => node && visit(node));
  const visit = (node: Node): boolean => {
    if (ts.isAwaitExpression(node)) return true;
    if (ts.isForOfStatement(node) && node.awaitModifier) return true;
    if (
      ts.isVariableDeclarationList(node) &&
      (node.flags & ts.NodeFlags.AwaitUsing) === ts.NodeFlags.AwaitUsing
    )
      return true;
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return false;
    if (ts.isClassStaticBlockDeclaration(node) || ts.isModuleDeclaration(node)) return false;
    // The name and the decorators of a member are worked out where the class or the object is.
    if (ts.isFunctionLike(node)) {
      const { name, modifiers } = node as Node & { name?: Node; modifiers?: Node[] };
      return visitAll([name, ...(modifiers ?? [])]);
    }
    if (ts.isPropertyDeclaration(node)) return visitAll([node.name, ...(node.modifiers ?? [])]);
    return ts.forEachChild(node, visit) ?? false;
  };
  return visit(file);
}

interface Edit {
  from: number;
  to: number;
  text: string;
}

/** How an exporting statement reads in a cell, whose names are known to every later cell anyway. */
function withoutExport(ts: TypeScript, statement: Statement): Edit[] {
  if (ts.isExportDeclaration(statement)) {
    const from = statement.getStart();
    // `export { a }` of a name of the cell says nothing more; what comes from elsewhere is imported.
    if (!statement.moduleSpecifier) return [{ from, to: statement.end, text: "" }];
    const clause = statement.exportClause;
    if (clause) return [{ from, to: from + "export".length, text: "import" }];
    return [{ from, to: statement.moduleSpecifier.getStart(), text: "import" }];
  }
  if (ts.isExportAssignment(statement)) {
    return [{ from: statement.getStart(), to: statement.expression.getStart(), text: "" }];
  }
  if (!ts.canHaveModifiers(statement)) return [];
  const modifiers = ts.getModifiers(statement) ?? [];
  const words = modifiers.filter(
    ({ kind }) => kind === ts.SyntaxKind.ExportKeyword || kind === ts.SyntaxKind.DefaultKeyword,
  );
  // `export default class {}` has no name to be known by: it stays.
  if (words.length > 1 && !(statement as Statement & { name?: Node }).name) return [];
  return words.map((word) => ({ from: word.getStart(), to: word.end, text: "" }));
}

/** Reads a cell. */
export function readCell(ts: TypeScript, source: string): CellSource {
  const file = parseCell(ts, source);
  // With a line of tslab's before it, it would be none.
  let text = source.replace(/^#!/, "//");
  for (const { from, to, text: instead } of file.statements.flatMap((each) => withoutExport(ts, each))) {
    // Line breaks inside, as in a list of names, keep the lines below where they are.
    const blank = source.slice(from + instead.length, to).replace(/[^\n\r]/g, " ");
    text = text.slice(0, from) + instead + blank + text.slice(to);
  }
  const isTsx = file.languageVariant === ts.LanguageVariant.JSX;
  return { text, file, hasTopLevelAwait: hasTopLevelAwait(ts, file), isTsx };
}
