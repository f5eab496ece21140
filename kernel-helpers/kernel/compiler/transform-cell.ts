/**
 * A step before the emit of a cell. Names of earlier cells are properties of one object, `exports`, at run time; the
 * value of the last expression is exported under a name of its own; `import.meta` and its kin become what they say.
 */

import type {
  Expression,
  Identifier,
  Node,
  SourceFile,
  Statement,
  TransformationContext,
  TransformerFactory,
  TypeChecker,
} from "typescript";
import { around } from "./archive";
import { metaExpressions } from "./meta";
import type { TypeScript } from "./tsc";

interface CellConversion {
  script: string;
  lastExpression: string | undefined;
}

/** What the script around a cell calls its parameters. */
const reserved = new Set(["exports", "require"]);

/** What the published type of a file leaves out. */
interface CellFile extends SourceFile {
  locals?: Map<string, import("typescript").Symbol>;
  pragmas: Map<string, { arguments?: { factory?: string } }>;
}

class CellTransformer {
  readonly #meta: (node: Node) => Expression | undefined;

  constructor(
    private readonly ts: TypeScript,
    private readonly checker: TypeChecker,
    private readonly context: TransformationContext,
    private readonly file: SourceFile,
    private readonly conversion: CellConversion,
  ) {
    this.#earlier = around(file);
    this.#meta = metaExpressions(ts, conversion.script, (name) => this.#isGlobal(name));
  }

  /** The files of what earlier cells have declared. */
  readonly #earlier: readonly SourceFile[];

  #isGlobal(name: Identifier): boolean {
    const declared = this.checker.getSymbolAtLocation(name)?.declarations;
    return declared?.every((each) => ![this.file, ...this.#earlier].includes(each.getSourceFile())) ?? true;
  }

  #isEarlier(symbol: import("typescript").Symbol | undefined): boolean {
    // The compiler writes the values of a `const enum` in place of its name.
    if (!symbol || symbol.flags & this.ts.SymbolFlags.ConstEnum) return false;
    return (
      symbol.declarations?.some(
        (each) => this.#earlier.includes(each.getSourceFile()) && !this.#isInGlobal(each),
      ) ?? false
    );
  }

  /** Whether a declaration stands in `declare global`, which makes no name of the cell's own. */
  #isInGlobal(declaration: Node): boolean {
    const { GlobalAugmentation } = this.ts.NodeFlags;
    return this.ts.findAncestor(declaration, ({ flags }) => (flags & GlobalAugmentation) !== 0) !== undefined;
  }

  #property(name: Identifier): Expression {
    const { factory, setTextRange } = this.ts;
    const access = factory.createPropertyAccessExpression(factory.createIdentifier("exports"), name.text);
    return setTextRange(access, name);
  }

  #isEarlierName(node: Node): node is Identifier {
    const { ts } = this;
    if (!ts.isIdentifier(node) || !ts.isExpressionNode(node)) return false;
    if (ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) return false;
    return this.#isEarlier(this.checker.getSymbolAtLocation(node));
  }

  readonly visit = (node: Node): Node => {
    const { ts, context } = this;
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return node;
    const own = this.#ownName(node);
    if (own) return own;
    const meta = this.#meta(node);
    if (meta) return ts.setTextRange(meta, node);
    if (this.#isEarlierName(node)) return this.#property(node);
    if (ts.isImportEqualsDeclaration(node)) return this.#importEquals(node);
    if (ts.isShorthandPropertyAssignment(node)) return this.#shorthand(node);
    const inside = ts.visitEachChild(node, this.visit, context);
    if (!ts.isCallExpression(node) || !ts.isCallExpression(inside) || !this.#isEarlierName(node.expression))
      return inside;
    // A function is called by its name, and not as a method of the object that holds the names.
    const { factory } = ts;
    const callee = factory.createParenthesizedExpression(
      factory.createComma(factory.createNumericLiteral(0), inside.expression),
    );
    // In a stack the call stands where its name begins.
    const start = node.expression.getStart(this.file);
    ts.setSourceMapRange(callee, { pos: start, end: start });
    return factory.updateCallExpression(inside, callee, undefined, inside.arguments);
  };

  #isHidden(name: Node | undefined): name is Identifier {
    if (!name || !this.ts.isIdentifier(name) || !reserved.has(name.text)) return false;
    const symbol = this.checker.getSymbolAtLocation(name);
    return symbol !== undefined && symbol === (this.file as CellFile).locals?.get(name.text);
  }

  /** A name of the cell that the script around it has already, as in `const require = createRequire(import.meta.url)`. */
  #ownName(node: Node): Node | undefined {
    const { ts } = this;
    const { factory } = ts;
    const other = (name: Identifier) => ts.setTextRange(factory.createIdentifier(`${name.text}_1`), name);
    if (ts.isExportSpecifier(node) && reserved.has(node.name.text) && !node.propertyName) {
      return factory.updateExportSpecifier(node, node.isTypeOnly, other(node.name as Identifier), node.name);
    }
    if (ts.isBindingElement(node) && !node.propertyName && this.#isHidden(node.name)) {
      const value = ts.visitNode(node.initializer, this.visit) as Expression | undefined;
      return factory.updateBindingElement(
        node,
        node.dotDotDotToken,
        factory.createIdentifier(node.name.text),
        other(node.name),
        value,
      );
    }
    if (ts.isShorthandPropertyAssignment(node)) {
      const symbol = this.checker.getShorthandAssignmentValueSymbol(node);
      const isOwn =
        symbol &&
        reserved.has(node.name.text) &&
        symbol === (this.file as CellFile).locals?.get(node.name.text);
      return isOwn ? factory.createPropertyAssignment(node.name.text, other(node.name)) : undefined;
    }
    return this.#isHidden(node) && !ts.isImportSpecifier(node.parent) ? other(node) : undefined;
  }

  /** `import x = require("y")` is a `require` in the end, and the namespace in `import x = A.B` may be of an earlier cell. */
  #importEquals(node: import("typescript").ImportEqualsDeclaration): Node {
    const { ts } = this;
    const { moduleReference: from, name } = node;
    const target = ts.isExternalModuleReference(from)
      ? ts.factory.createCallExpression(ts.factory.createIdentifier("require"), undefined, [from.expression])
      : this.#entity(from);
    const symbol = this.checker.getSymbolAtLocation(name);
    const isValue = symbol && this.checker.getAliasedSymbol(symbol).flags & ts.SymbolFlags.Value;
    return node.isTypeOnly || !isValue ? node : ts.setTextRange(this.#constant(name.text, target), node);
  }

  #entity(name: import("typescript").EntityName): Expression {
    const { ts } = this;
    if (ts.isQualifiedName(name))
      return ts.factory.createPropertyAccessExpression(this.#entity(name.left), name.right);
    return this.#isEarlier(this.checker.getSymbolAtLocation(name)) ? this.#property(name) : name;
  }

  /** `{ name }` of an earlier cell is `{ name: exports.name }`. */
  #shorthand(node: import("typescript").ShorthandPropertyAssignment): Node {
    const { ts, checker, context } = this;
    const inside = ts.visitEachChild(node, this.visit, context);
    if (!this.#isEarlier(checker.getShorthandAssignmentValueSymbol(node))) return inside;
    const { name, objectAssignmentInitializer } = inside;
    const access = this.#property(name);
    // `({ name = 1 } = object)` gives a default.
    const value = objectAssignmentInitializer
      ? ts.factory.createAssignment(access, objectAssignmentInitializer)
      : access;
    return ts.setTextRange(ts.factory.createPropertyAssignment(name.text, value), node);
  }

  #freeName(): string {
    const { locals } = this.file as SourceFile & { locals?: Map<string, unknown> };
    let name = "tsLastExpr";
    for (let next = 0; locals?.has(name); next++) name = `tsLastExpr${next}`;
    return name;
  }

  /** Exports the value of the last statement, if it is an expression. */
  #exportLast(statements: readonly Statement[]): Statement[] {
    const { ts, conversion } = this;
    const { factory } = ts;
    const index = statements.findLastIndex(
      (each) => !ts.isExportDeclaration(each) && !ts.isEmptyStatement(each),
    );
    const last = statements[index];
    if (!last || !ts.isExpressionStatement(last)) return [...statements];
    const name = this.#freeName();
    conversion.lastExpression = name;
    // Behind a comma a function gets no name from the constant.
    const value = ts.isArrowFunction(last.expression)
      ? factory.createComma(factory.createNumericLiteral(0), last.expression)
      : last.expression;
    const declaration = factory.createVariableDeclaration(name, undefined, undefined, value);
    const exported = factory.createVariableStatement(
      [factory.createModifier(ts.SyntaxKind.ExportKeyword)],
      factory.createVariableDeclarationList([ts.setTextRange(declaration, last)], ts.NodeFlags.Const),
    );
    // Not by `with`, which Node 20 has not while it builds a snapshot.
    return [...statements.slice(0, index), ts.setTextRange(exported, last), ...statements.slice(index + 1)];
  }

  /** What JSX calls, which no identifier of the cell says: an earlier cell may have made it. */
  #jsxFactories(): Statement[] {
    const { ts, file } = this;
    if (file.languageVariant !== ts.LanguageVariant.JSX) return [];
    const { jsxFactory, jsxFragmentFactory, reactNamespace } = this.context.getCompilerOptions();
    const pragma = (name: string) => (file as CellFile).pragmas.get(name)?.arguments?.factory;
    const factories = [
      pragma("jsx") ?? jsxFactory ?? reactNamespace ?? "React",
      pragma("jsxfrag") ?? jsxFragmentFactory ?? "React",
    ];
    const names = factories.map((each) => each.split(".")[0]!);
    const isEarlier = (name: string) =>
      !(file as CellFile).locals?.has(name) &&
      this.#earlier.some((each) => (each as CellFile).locals?.has(name));
    return [...new Set(names)]
      .filter(isEarlier)
      .map((name) => this.#constant(name, this.#property(ts.factory.createIdentifier(name))));
  }

  /** `const name = value;` */
  #constant(name: string, value: Expression): Statement {
    const { factory, NodeFlags } = this.ts;
    const declaration = factory.createVariableDeclaration(name, undefined, undefined, value);
    return factory.createVariableStatement(
      undefined,
      factory.createVariableDeclarationList([declaration], NodeFlags.Const),
    );
  }

  transform(): SourceFile {
    const { ts, file, context } = this;
    const visited = ts.visitEachChild(file, this.visit, context);
    const statements = [...this.#jsxFactories(), ...this.#exportLast(visited.statements)];
    return ts.factory.updateSourceFile(visited, statements);
  }
}

/** The transformation of a cell's program; `checker` is that of the program. */
export function transformCell(
  ts: TypeScript,
  checker: TypeChecker,
  conversion: CellConversion,
): TransformerFactory<SourceFile> {
  return (context) => (file) =>
    file.parent ? new CellTransformer(ts, checker, context, file, conversion).transform() : file;
}
