import type {
  AnyNode,
  CallExpression,
  Expression,
  Identifier,
  MemberExpression,
  Pattern,
  PrivateIdentifier,
  Super,
} from "acorn";

/** What is asked of the tree of a function's text in more than one place. */

/** The nodes of which a node consists. */
export function childrenOf(node: AnyNode): AnyNode[] {
  const children: AnyNode[] = [];
  for (const part of Object.values(node)) {
    if (Array.isArray(part)) children.push(...part.filter(isNode));
    else if (isNode(part)) children.push(part);
  }
  return children;
}

function isNode(part: unknown): part is AnyNode {
  return typeof part === "object" && part !== null && typeof (part as AnyNode).type === "string";
}

/** A function or a class: what has a `this` of its own. Arrows have not. */
function hasOwnThis({ type }: AnyNode): boolean {
  return /^(FunctionExpression|FunctionDeclaration|Class)/.test(type);
}

/** Does the code use `this` of the function it stands in? */
export function usesThis(node: AnyNode): boolean {
  if (node.type === "ThisExpression") return true;
  if (node.type === "CallExpression" && handsThisOn(node)) return node.arguments.slice(1).some(usesThis);
  return !hasOwnThis(node) && childrenOf(node).some(usesThis);
}

const asyncHelpers = new Set(["__awaiter", "__async"]);

/**
 * `__awaiter(this, …, function* () { … })`, which is what TypeScript makes of an async function for older engines
 * (esbuild: `__async`), when the generator has no use for the `this` that it is given.
 */
export function handsThisOn({ callee, arguments: given }: CallExpression): boolean {
  if (given[0]?.type !== "ThisExpression") return false;
  const body = given.at(-1)!;
  return (
    asyncHelpers.has(calledName(callee) ?? "") &&
    body.type === "FunctionExpression" &&
    ![...body.params, body.body].some(usesThis)
  );
}

/** The last part of `name(…)`, `holder.name(…)`, and TypeScript's `(0, holder.name)(…)`. */
export function calledName(callee: Expression | Super): string | undefined {
  if (callee.type === "SequenceExpression") return calledName(callee.expressions.at(-1)!);
  if (callee.type === "MemberExpression") return memberName(callee);
  return callee.type === "Identifier" ? callee.name : undefined;
}

/** The property's name, unless it is only known when the code runs. */
export function memberName({ computed, property }: MemberExpression): string | undefined {
  if (!computed) return property.type === "Identifier" ? property.name : undefined;
  return property.type === "Literal" && typeof property.value === "string" ? property.value : undefined;
}

/** The text of a key in a class or an object, unless it is computed. A private name keeps its `#`. */
export function keyName(key: Expression | PrivateIdentifier, computed: boolean): string | undefined {
  if (key.type === "PrivateIdentifier") return `#${key.name}`;
  if (computed) return undefined;
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : undefined;
}

/** What a pattern assigns to, or declares. */
export function targetsOf(pattern: Pattern | null | undefined): (Identifier | MemberExpression)[] {
  switch (pattern?.type) {
    case "Identifier":
    case "MemberExpression":
      return [pattern];
    case "ObjectPattern":
      return pattern.properties.flatMap((each) =>
        targetsOf(each.type === "RestElement" ? each.argument : each.value),
      );
    case "ArrayPattern":
      return pattern.elements.flatMap(targetsOf);
    case "AssignmentPattern":
      return targetsOf(pattern.left);
    case "RestElement":
      return targetsOf(pattern.argument);
    default:
      return [];
  }
}

/** The names that a binding pattern declares. */
export function boundNames(pattern: Pattern | null | undefined): string[] {
  return targetsOf(pattern).flatMap((target) => (target.type === "Identifier" ? [target.name] : []));
}

/** The names that `var` declares anywhere in a function's body, nested functions apart. */
export function varNames(node: AnyNode): string[] {
  if (/Function|^Class/.test(node.type)) return [];
  const own =
    node.type === "VariableDeclaration" && node.kind === "var"
      ? node.declarations.flatMap(({ id }) => boundNames(id))
      : [];
  return [...own, ...childrenOf(node).flatMap(varNames)];
}

/** What a name means at one place in the text. */
export class Scope {
  readonly names = new Set<string>();
  constructor(
    readonly outer: Scope | undefined,
    /** Whether `this` and `arguments` mean something of their own from here on. */
    readonly ownThis = false,
  ) {}

  has(name: string): boolean {
    return this.holder(name) !== undefined;
  }

  /** The scope that declares the name. */
  holder(name: string): Scope | undefined {
    return this.names.has(name) ? this : this.outer?.holder(name);
  }

  get hasThis(): boolean {
    return this.ownThis || (this.outer?.hasThis ?? false);
  }
}

/** Adds what the statements themselves declare. */
export function declared(statements: (AnyNode | null | undefined)[], scope: Scope): Scope {
  for (const each of statements) {
    if (each?.type === "VariableDeclaration") {
      for (const { id } of each.declarations) for (const name of boundNames(id)) scope.names.add(name);
    } else if (each?.type === "FunctionDeclaration" || each?.type === "ClassDeclaration") {
      scope.names.add(each.id!.name);
    }
  }
  return scope;
}

/** Where `super` means something. */
export function withSuper(scope: Scope): Scope {
  const inner = new Scope(scope);
  inner.names.add("super()");
  return inner;
}
