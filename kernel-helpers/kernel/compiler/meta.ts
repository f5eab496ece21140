/** `import.meta`, `__filename`, `__dirname` and `module` in code that is compiled to CommonJS. */

import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import type { Expression, Identifier, Node } from "typescript";
import type { TypeScript } from "./tsc";

/**
 * What stands in place of a node of the script `path`, or undefined where nothing has to. Most of it is known now and
 * written as a string, so that it means the same in a thread.
 */
export function metaExpressions(ts: TypeScript, path: string, isGlobal: (name: Identifier) => boolean) {
  const { factory } = ts;
  const text = (value: string) => factory.createStringLiteral(value);
  const known: Record<string, string> = {
    url: pathToFileURL(path).href,
    filename: path,
    dirname: dirname(path),
  };
  const globals = new Map<string, () => Expression>([
    ["__filename", () => text(path)],
    ["__dirname", () => text(dirname(path))],
    // What runs is the main module, as `if (require.main === module)` asks.
    ["module", () => factory.createPropertyAccessExpression(factory.createIdentifier("require"), "main")],
  ]);
  const isMeta = (node: Node) => ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword;
  return (node: Node): Expression | undefined => {
    if (ts.isPropertyAccessExpression(node) && isMeta(node.expression)) {
      const value = known[node.name.text];
      if (value !== undefined) return text(value);
    }
    if (isMeta(node)) {
      const kernel = factory.createPropertyAccessExpression(
        factory.createIdentifier("__tslab__"),
        "importMeta",
      );
      return factory.createCallExpression(kernel, undefined, [text(path)]);
    }
    if (!ts.isIdentifier(node) || !ts.isExpressionNode(node)) return undefined;
    const instead = globals.get(node.text);
    return instead && isGlobal(node) ? instead() : undefined;
  };
}
