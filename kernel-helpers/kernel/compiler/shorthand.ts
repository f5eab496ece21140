/**
 * tslab keeps a cell's names as properties of `exports` and writes `exports.` before each use in a later
 * cell, but not in `{ name }`, where the script then finds no such name. Here it is `{ name: exports.name }`.
 */

import type {
  Expression,
  Node,
  ShorthandPropertyAssignment,
  SourceFile,
  TransformerFactory,
  TypeChecker,
} from "@tslab/typescript-for-tslab";
import type { TypeScript } from "./tsc";

/** A step before the emit of a cell; `checker` is that of the cell's program. */
export function qualifyShorthands(ts: TypeScript, checker: TypeChecker): TransformerFactory<SourceFile> {
  const value = ({ name, objectAssignmentInitializer }: ShorthandPropertyAssignment): Expression => {
    const { factory } = ts;
    const access = factory.createPropertyAccessExpression(factory.createIdentifier("exports"), name);
    // `({ name = 1 } = object)` gives a default.
    return objectAssignmentInitializer
      ? factory.createAssignment(access, objectAssignmentInitializer)
      : access;
  };
  return (context) => (file) => {
    // tslab hangs the file of all earlier declarations above the cell.
    const earlier: Node | undefined = file.parent;
    const isEarlier = (node: ShorthandPropertyAssignment) =>
      checker
        .getShorthandAssignmentValueSymbol(node)
        ?.declarations?.some((declaration) => declaration.getSourceFile() === earlier) ?? false;
    const visit = (node: Node): Node => {
      const inside = ts.visitEachChild(node, visit, context);
      if (!ts.isShorthandPropertyAssignment(node) || !isEarlier(node)) return inside;
      const { name } = node;
      const long = ts.factory.createPropertyAssignment(name, value(inside as ShorthandPropertyAssignment));
      return ts.setTextRange(long, node);
    };
    return earlier ? ts.visitEachChild(file, visit, context) : file;
  };
}
