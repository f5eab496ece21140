/** Where a breakpoint can be in a source that has not run yet. */

import type { Node } from "typescript";
import type { TypeScript } from "./tsc";

/** The lines, from 1, on which something runs: a statement begins, a value is given, a function ends. */
export function breakpointLines(ts: TypeScript, code: string): number[] {
  const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, true);
  const lines = new Set<number>();
  const add = (position: number) => lines.add(file.getLineAndCharacterOfPosition(position).line + 1);
  const visit = (node: Node): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
    if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword)) return;
    if (runs(ts, node)) add((ts.isDoStatement(node) ? node.expression : node).getStart(file));
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return [...lines].sort((a, b) => a - b);
}

function runs(ts: TypeScript, node: Node): boolean {
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.some(({ initializer }) => initializer);
  }
  if (ts.isImportDeclaration(node) || ts.isBlock(node) || ts.isFunctionDeclaration(node)) return false;
  // The engine stops within these: a loop without a condition has none of its own.
  if (
    ts.isTryStatement(node) ||
    (ts.isWhileStatement(node) && node.expression.kind === ts.SyntaxKind.TrueKeyword)
  )
    return false;
  if (ts.isEmptyStatement(node) || ts.isLabeledStatement(node) || ts.isExportDeclaration(node)) return false;
  if (ts.isArrowFunction(node.parent) && node === node.parent.body) return true;
  if (ts.isPropertyDeclaration(node)) return node.initializer !== undefined;
  if (ts.isExportAssignment(node)) return false;
  return ts.isStatement(node) && !ts.isModuleDeclaration(node) && !ts.isClassDeclaration(node);
}
