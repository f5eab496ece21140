import type { Node } from "acorn";

/** How one name from outside a function is used inside it. */
export interface Use {
  /** The properties read as `name.property`. */
  members: Set<string>;
  /** True when the name is also used in any other way than `name.property`. */
  whole: boolean;
  /** The variables that the function assigns to: the name itself, or those of a notebook's `exports`. */
  writes: Set<string>;
  /** The functions that it calls: the name itself, or its members. */
  calls: Set<string>;
  /** True when its only use is as the first argument of a call back to the loop. */
  loopOnly: boolean;
}

/** What the text of a function says about it. */
export interface Analysis {
  text: string;
  /** An expression that makes the function anew. */
  source: string;
  shape: "expression" | "method" | "class" | "native";
  /** The names that the function takes from outside: captured variables and globals. */
  free: Map<string, Use>;
  /** `this`, `arguments`, `super` or `new.target` of what surrounds the function, or "" for none. */
  lexical: string;
  /** A class whose text had `extends`: `source` names the superclass `superclass`. */
  derived: boolean;
  /** The names of a class's static fields, which its text makes anew; undefined when it may have more of them. */
  statics: Set<string> | undefined;
  /** A method that uses its own `this`. */
  methodThis: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: the tree is walked generically
type Tree = any;

const cache = new Map<string, Analysis>();
const cacheLimit = 2000;

/** Reads a function's text; the same text is parsed once. Throws SyntaxError for text that is no function. */
export function analyse(text: string): Analysis {
  let known = cache.get(text);
  if (!known) {
    known = read(text);
    if (cache.size >= cacheLimit) cache.clear();
    cache.set(text, known);
  }
  return known;
}

function read(text: string): Analysis {
  const analysis: Analysis = {
    text,
    source: text,
    shape: "expression",
    free: new Map(),
    lexical: "",
    derived: false,
    statics: undefined,
    methodThis: false,
  };
  if (/\{\s*\[native code\]\s*\}$/.test(text)) return { ...analysis, shape: "native" };
  const root = parseFunction(text, analysis);
  walk(root, analysis);
  for (const use of analysis.free.values()) use.loopOnly &&= !use.whole && use.members.size === 0;
  return analysis;
}

function walk(root: Tree, analysis: Analysis): void {
  const walker = new Walker(analysis, root);
  walker.visit(root, new Scope(undefined));
  if (walker.writesOwnName) walkNameless(root, analysis);
}

/**
 * A declaration that puts another function in its place, as helpers of compilers do. As an expression its name
 * would be a constant, so it goes without: its name is then a variable like any other.
 */
function walkNameless(root: Tree, analysis: Analysis): void {
  const { text } = analysis;
  const { name, start, end } = root.id;
  // The 1 is for the bracket before the text.
  analysis.source = text.slice(0, start - 1) + text.slice(end - 1);
  analysis.free.clear();
  root.id = null;
  new Walker(analysis, root).visit(root, new Scope(undefined));
  analysis.free.get(name)?.writes.delete(name);
}

function parseFunction(text: string, analysis: Analysis): Tree {
  // Loaded when it is needed: most workers never parse.
  const { parseExpressionAt } = require("acorn") as typeof import("acorn");
  // `import.meta` is let through here, to be refused by its name.
  const options = {
    ecmaVersion: "latest",
    allowSuperOutsideMethod: true,
    allowImportExportEverywhere: true,
  } as const;
  try {
    const node: Tree = parseExpressionAt(`(${text}\n)`, 0, options);
    if (/^(Arrow)?Function/.test(node.type)) return node;
    if (node.type === "ClassExpression") {
      analysis.shape = "class";
      analysis.statics = staticsOf(node);
      if (node.superClass) renameSuperclass(node, analysis);
      return node;
    }
  } catch {
    // Not an expression: the text of a method, a getter or a setter, tried below.
  }
  analysis.shape = "method";
  const holder: Tree = parseExpressionAt(`({${text}\n})`, 0, options);
  const { value } = holder.properties[0];
  analysis.methodThis = usesThis(value.body) || usesThis(value.params);
  // Without its key, which may be computed from names that are of no use elsewhere. The 2 is for "({".
  const mark = `${value.async ? "async " : ""}${value.generator ? "*" : ""}`;
  analysis.source = `({ ${mark}method${text.slice(value.start - 2)} }).method`;
  return value;
}

function staticsOf(node: Tree): Set<string> | undefined {
  const members: Tree[] = node.body.body.filter((each: Tree) => each.static || each.type === "StaticBlock");
  if (members.some(({ type, computed }) => type === "StaticBlock" || computed)) return undefined;
  return new Set(members.map(({ key }) => String(key.name ?? key.value)));
}

/** The name that stands for a class's superclass, whatever expression gave it. */
export const superclass = "superclass$";

/** V8 keeps no variable for `extends Base` alone; the class itself knows its superclass. */
function renameSuperclass(node: Tree, analysis: Analysis): void {
  const { text } = analysis;
  // The 1 is for the bracket before the text.
  const { start, end } = node.superClass;
  analysis.source = text.slice(0, start - 1) + superclass + text.slice(end - 1);
  analysis.derived = true;
  node.superClass = undefined;
}

/** Does the code use `this` of the function it stands in? (Arrows share it, functions and classes do not.) */
function usesThis(node: Tree): boolean {
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

class Scope {
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

class Walker {
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
