import type { Node } from "acorn";
import type { Analysis, Use } from "./analyse";

/** Finds in the tree of a function what it takes from around it: names, `this`, `super`. */

// biome-ignore lint/suspicious/noExplicitAny: the tree is walked generically
export type Tree = any;

/** Does the code use `this` of the function it stands in? (Arrows share it, functions and classes do not.) */
export function usesThis(node: Tree): boolean {
  if (Array.isArray(node)) return node.some(usesThis);
  if (!node || typeof node.type !== "string") return false;
  if (node.type === "ThisExpression") return true;
  if (handsThisOn(node)) return usesThis(node.arguments.slice(1));
  if (/^(FunctionExpression|FunctionDeclaration|Class)/.test(node.type)) return false;
  return Object.values(node).some((child) => typeof child === "object" && usesThis(child));
}

const asyncHelpers = new Set(["__awaiter", "__async"]);

/**
 * `__awaiter(this, …, function* () { … })`, which is what TypeScript makes of an async function for older engines
 * (esbuild: `__async`), when the generator has no use for the `this` that it is given.
 */
function handsThisOn(node: Tree): boolean {
  if (node.type !== "CallExpression" || node.arguments[0]?.type !== "ThisExpression") return false;
  const { type, name, expressions } = node.callee;
  const callee = type === "SequenceExpression" ? expressions.at(-1) : node.callee;
  const helper = callee.type === "MemberExpression" ? memberName(callee) : (callee.name ?? name);
  const body = node.arguments.at(-1);
  return (
    asyncHelpers.has(helper) && body.type === "FunctionExpression" && !usesThis([body.params, body.body])
  );
}

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

const loopCalls = new Set(["callSoonThreadsafe", "runCoroutineThreadsafe"]);

export class Walker {
  writesOwnName = false;
  /** Holds the name of the root alone. */
  private ownName: Scope | undefined;

  constructor(
    private readonly analysis: Analysis,
    private readonly root: Tree,
  ) {}

  visit(node: Tree, scope: Scope): void {
    if (Array.isArray(node)) {
      for (const each of node) this.visit(each, scope);
    } else if (node && typeof node.type === "string") {
      const special = (this as unknown as Record<string, (n: Tree, s: Scope) => void>)[node.type];
      if (special) special.call(this, node, scope);
      else this.children(node, scope);
    }
  }

  private children(node: Tree, scope: Scope): void {
    for (const key in node) {
      const child = node[key];
      if (child && typeof child === "object") this.visit(child, scope);
    }
  }

  private use(name: string, scope: Scope): Use | undefined {
    if (scope.has(name)) return undefined;
    if (name === "arguments") this.lexical("arguments", scope);
    let use = this.analysis.free.get(name);
    if (!use) {
      use = { members: new Set(), whole: false, writes: new Set(), calls: new Set(), loopOnly: false };
      this.analysis.free.set(name, use);
    }
    return use;
  }

  Identifier(node: Tree, scope: Scope): void {
    const use = this.use(node.name, scope);
    if (use) use.whole = true;
  }

  ThisExpression(_node: Tree, scope: Scope): void {
    this.lexical("this", scope);
  }

  Super(_node: Tree, scope: Scope): void {
    if (!scope.has("super()")) this.analysis.lexical ||= "super";
  }

  MetaProperty(node: Tree, scope: Scope): void {
    if (node.meta.name === "new") this.lexical("new.target", scope);
    else this.analysis.lexical ||= "import.meta";
  }

  private lexical(what: string, scope: Scope): void {
    if (!scope.hasThis) this.analysis.lexical ||= what;
  }

  MemberExpression(node: Tree, scope: Scope): void {
    const name = node.object.type === "Identifier" ? node.object.name : undefined;
    const member = memberName(node);
    const use = name !== undefined && member !== undefined ? this.use(name, scope) : undefined;
    if (use) use.members.add(member!);
    else if (!(name !== undefined && member !== undefined)) this.visit(node.object, scope);
    if (node.computed) this.visit(node.property, scope);
  }

  CallExpression(node: Tree, scope: Scope): void {
    this.called(node.callee, scope);
    this.visit(node.callee, scope);
    const [first, ...rest] = node.arguments;
    const target = first && isLoopCall(node.callee) ? this.loopTarget(first, scope) : false;
    if (first && !target && !handsThisOn(node)) this.visit(first, scope);
    this.visit(rest, scope);
  }

  private called(callee: Tree, scope: Scope): void {
    const { type, object, name = object?.name } = callee;
    if (type === "SequenceExpression") this.called(callee.expressions.at(-1), scope);
    else if (type === "Identifier") this.use(name, scope)?.calls.add(name);
    else if (type === "MemberExpression" && object.type === "Identifier")
      this.use(name, scope)?.calls.add(memberName(callee) ?? "");
  }

  private loopTarget(first: Tree, scope: Scope): boolean {
    if (first.type !== "Identifier" || scope.has(first.name)) return false;
    this.use(first.name, scope)!.loopOnly = true;
    return true;
  }

  AssignmentExpression(node: Tree, scope: Scope): void {
    this.written(node.left, scope);
    this.children(node, scope);
  }

  UpdateExpression(node: Tree, scope: Scope): void {
    this.written(node.argument, scope);
    this.children(node, scope);
  }

  private written(target: Tree, scope: Scope): void {
    if (target.type === "MemberExpression") this.exportWritten(target, scope);
    else for (const name of boundNames(target)) this.nameWritten(name, scope);
  }

  private nameWritten(name: string, scope: Scope): void {
    this.use(name, scope)?.writes.add(name);
    if (this.ownName && scope.holder(name) === this.ownName) this.writesOwnName = true;
  }

  /** A variable of an earlier cell is a property of the notebook's `exports`. */
  private exportWritten(target: Tree, scope: Scope): void {
    if (target.object.name !== "exports") return;
    const variable = memberName(target);
    if (variable !== undefined) this.use("exports", scope)?.writes.add(variable);
  }

  Property(node: Tree, scope: Scope): void {
    if (node.computed) this.visit(node.key, scope);
    const inner = node.method || node.kind !== "init" ? withSuper(scope) : scope;
    this.visit(node.value, inner);
  }

  MethodDefinition(node: Tree, scope: Scope): void {
    if (node.computed) this.visit(node.key, scope);
    this.visit(node.value, scope);
  }

  PropertyDefinition(node: Tree, scope: Scope): void {
    if (node.computed) this.visit(node.key, scope);
    this.visit(node.value, new Scope(scope, true));
  }

  StaticBlock(node: Tree, scope: Scope): void {
    this.visit(node.body, this.block(node.body, new Scope(scope, true)));
  }

  LabeledStatement(node: Tree, scope: Scope): void {
    this.visit(node.body, scope);
  }

  BreakStatement(): void {}
  ContinueStatement(): void {}

  ClassExpression(node: Tree, scope: Scope): void {
    this.visit(node.superClass, scope);
    const inner = withSuper(scope);
    if (node.id) inner.names.add(node.id.name);
    this.visit(node.body, inner);
  }

  ClassDeclaration(node: Tree, scope: Scope): void {
    this.ClassExpression(node, scope);
  }

  FunctionExpression(node: Tree, scope: Scope): void {
    const outer = new Scope(scope);
    if (node.id) outer.names.add(node.id.name);
    if (node === this.root) this.ownName = outer;
    this.func(node, new Scope(outer, true));
  }

  FunctionDeclaration(node: Tree, scope: Scope): void {
    this.func(node, new Scope(scope, true));
  }

  ArrowFunctionExpression(node: Tree, scope: Scope): void {
    this.func(node, new Scope(scope));
  }

  private func(node: Tree, scope: Scope): void {
    if (scope.ownThis) scope.names.add("arguments");
    for (const param of node.params) for (const name of boundNames(param)) scope.names.add(name);
    for (const name of varNames(node.body)) scope.names.add(name);
    this.visit(node.params, scope);
    if (node.body.type === "BlockStatement") this.visit(node.body.body, this.block(node.body.body, scope));
    else this.visit(node.body, scope);
  }

  BlockStatement(node: Tree, scope: Scope): void {
    this.visit(node.body, this.block(node.body, new Scope(scope)));
  }

  SwitchStatement(node: Tree, scope: Scope): void {
    this.visit(node.discriminant, scope);
    const statements = node.cases.flatMap((each: Tree) => each.consequent);
    this.visit(node.cases, this.block(statements, new Scope(scope)));
  }

  ForStatement(node: Tree, scope: Scope): void {
    this.children(node, this.block([node.init], new Scope(scope)));
  }

  ForInStatement(node: Tree, scope: Scope): void {
    if (node.left.type !== "VariableDeclaration") this.written(node.left, scope);
    this.children(node, this.block([node.left], new Scope(scope)));
  }

  ForOfStatement(node: Tree, scope: Scope): void {
    this.ForInStatement(node, scope);
  }

  CatchClause(node: Tree, scope: Scope): void {
    const inner = new Scope(scope);
    if (node.param) for (const name of boundNames(node.param)) inner.names.add(name);
    this.children(node, inner);
  }

  /** Adds what the statements themselves declare. */
  private block(statements: Tree[], scope: Scope): Scope {
    for (const each of statements) {
      if (each?.type === "VariableDeclaration") {
        for (const { id } of each.declarations) for (const name of boundNames(id)) scope.names.add(name);
      } else if (each?.type === "FunctionDeclaration" || each?.type === "ClassDeclaration") {
        scope.names.add(each.id.name);
      }
    }
    return scope;
  }
}

function withSuper(scope: Scope): Scope {
  const inner = new Scope(scope);
  inner.names.add("super()");
  return inner;
}

function memberName(node: Tree): string | undefined {
  if (!node.computed) return node.property.type === "Identifier" ? node.property.name : undefined;
  return typeof node.property.value === "string" ? node.property.value : undefined;
}

/** `callSoonThreadsafe(…)`, `helpers.callSoonThreadsafe(…)`, and TypeScript's `(0, helpers.callSoonThreadsafe)(…)`. */
function isLoopCall(callee: Tree): boolean {
  if (callee.type === "SequenceExpression") return isLoopCall(callee.expressions.at(-1));
  if (callee.type === "MemberExpression") return loopCalls.has(memberName(callee) ?? "");
  return callee.type === "Identifier" && loopCalls.has(callee.name);
}

/** The names that a binding pattern declares. */
function boundNames(pattern: Tree): string[] {
  switch (pattern?.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((each: Tree) => boundNames(each.value ?? each.argument));
    case "ArrayPattern":
      return pattern.elements.flatMap(boundNames);
    case "AssignmentPattern":
      return boundNames(pattern.left);
    case "RestElement":
      return boundNames(pattern.argument);
    default:
      return [];
  }
}

/** The names that `var` declares anywhere in a function's body, nested functions apart. */
function varNames(node: Tree): string[] {
  if (Array.isArray(node)) return node.flatMap(varNames);
  if (!node || typeof (node as Node).type !== "string") return [];
  if (/Function|^Class/.test(node.type)) return [];
  const own =
    node.type === "VariableDeclaration" && node.kind === "var"
      ? node.declarations.flatMap(({ id }: Tree) => boundNames(id))
      : [];
  const children = Object.values(node).filter((child) => child && typeof child === "object");
  return [...own, ...children.flatMap(varNames)];
}
