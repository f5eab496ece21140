import type {
  AnyNode,
  CallExpression,
  Class,
  Expression,
  ForInStatement,
  ForOfStatement,
  Function as FunctionNode,
  Identifier,
  MemberExpression,
  NewExpression,
  Pattern,
  Super,
} from "acorn";
import { Aliases, itemOf, variableOf } from "./aliases";
import { type Analysis, type Mutation, newUse, type Use } from "./analysis";
import {
  borrowedMethod,
  callsBack,
  changesFirstArgument,
  givesItem,
  givesReceiver,
  handsOut,
} from "./mutations";
import {
  boundNames,
  calledName,
  childrenOf,
  declared,
  handsThisOn,
  memberName,
  Scope,
  targetsOf,
  varNames,
  withSuper,
} from "./syntax";

/** The functions that hand their first argument to the loop. */
const loopCalls = new Set(["callSoonThreadsafe", "runCoroutineThreadsafe"]);

type Visitors = {
  [Type in AnyNode["type"]]?: (node: Extract<AnyNode, { type: Type }>, scope: Scope) => void;
};

/** Finds in the tree of a function what it takes from around it: names, `this`, `super`; and what it does to them. */
export class Walker {
  writesOwnName = false;
  /** Holds the name of the root alone. */
  private ownName: Scope | undefined;
  /** Whether what is visited is part of what the function returns. */
  private returning = false;
  private readonly aliases = new Aliases();

  constructor(
    private readonly analysis: Analysis,
    private readonly root: AnyNode,
  ) {}

  private readonly visitors: Visitors = {
    Identifier: (node, scope) => this.name(node, scope),
    ThisExpression: (_node, scope) => this.lexical("this", scope),
    Super: (_node, scope) => {
      if (!scope.has("super()")) this.analysis.lexical ||= "super";
    },
    MetaProperty: (node, scope) => {
      if (node.meta.name === "new") this.lexical("new.target", scope);
      else this.analysis.lexical ||= "import.meta";
    },
    ImportExpression: (node, scope) => {
      this.analysis.imports = true;
      this.children(node, scope);
    },
    MemberExpression: (node, scope) => this.member(node, scope),
    CallExpression: (node, scope) => this.call(node, scope),
    NewExpression: (node, scope) => {
      this.called(node, node.callee, scope);
      this.children(node, scope);
    },
    VariableDeclaration: (node, scope) => {
      for (const { id, init } of node.declarations) {
        this.visit(id, scope);
        this.visitNamed(init, scope);
        if (node.kind === "const" && init) this.aliases.add(id, this.aliases.captured(init, scope), scope);
      }
    },
    AssignmentExpression: (node, scope) => {
      this.written(node.left, scope, node);
      this.children(node, scope);
    },
    UpdateExpression: (node, scope) => {
      this.written(node.argument as Pattern, scope, node);
      this.children(node, scope);
    },
    UnaryExpression: (node, scope) => {
      const { argument } = node;
      const target = argument.type === "ChainExpression" ? argument.expression : argument;
      if (node.operator === "delete" && target.type === "MemberExpression")
        this.mutated(target.object, node, scope);
      this.children(node, scope);
    },
    ReturnStatement: (node, scope) => this.returned(node.argument, scope),
    YieldExpression: (node, scope) => this.returned(node.argument, scope),
    Property: (node, scope) => {
      if (node.computed) this.visit(node.key, scope);
      const inner = node.kind !== "init" || node.method ? withSuper(scope) : scope;
      this.visit(node.value, inner);
    },
    MethodDefinition: (node, scope) => {
      if (node.computed) this.visit(node.key, scope);
      this.visit(node.value, scope);
    },
    PropertyDefinition: (node, scope) => {
      if (node.computed) this.visit(node.key, scope);
      this.visit(node.value, new Scope(scope, true));
    },
    StaticBlock: (node, scope) => this.each(node.body, declared(node.body, new Scope(scope, true))),
    LabeledStatement: (node, scope) => this.visit(node.body, scope),
    BreakStatement: () => {},
    ContinueStatement: () => {},
    ClassExpression: (node, scope) => this.classNode(node, scope),
    ClassDeclaration: (node, scope) => this.classNode(node, scope),
    FunctionExpression: (node, scope) => {
      const outer = new Scope(scope);
      if (node.id) outer.names.add(node.id.name);
      if (node === this.root) this.ownName = outer;
      this.func(node, new Scope(outer, true));
    },
    FunctionDeclaration: (node, scope) => this.func(node, new Scope(scope, true)),
    ArrowFunctionExpression: (node, scope) => this.func(node, new Scope(scope)),
    BlockStatement: (node, scope) => this.each(node.body, declared(node.body, new Scope(scope))),
    SwitchStatement: (node, scope) => {
      this.visit(node.discriminant, scope);
      const statements = node.cases.flatMap((each) => each.consequent);
      this.each(node.cases, declared(statements, new Scope(scope)));
    },
    ForStatement: (node, scope) => this.children(node, declared([node.init], new Scope(scope))),
    ForInStatement: (node, scope) => this.forEach(node, scope),
    ForOfStatement: (node, scope) => this.forEach(node, scope),
    CatchClause: (node, scope) => {
      const inner = new Scope(scope);
      for (const name of boundNames(node.param)) inner.names.add(name);
      this.children(node, inner);
    },
  };

  visit(node: AnyNode | null | undefined, scope: Scope): void {
    if (!node) return;
    const visitor = this.visitors[node.type] as ((node: AnyNode, scope: Scope) => void) | undefined;
    if (visitor) visitor(node, scope);
    else this.children(node, scope);
  }

  private each(nodes: (AnyNode | null)[], scope: Scope): void {
    for (const node of nodes) this.visit(node, scope);
  }

  private children(node: AnyNode, scope: Scope): void {
    this.each(childrenOf(node), scope);
  }

  // ---- Names ----

  private use(name: string, scope: Scope): Use | undefined {
    if (scope.has(name)) return undefined;
    if (name === "arguments") this.lexical("arguments", scope);
    let use = this.analysis.free.get(name);
    if (!use) {
      use = newUse();
      this.analysis.free.set(name, use);
    }
    return use;
  }

  private name(node: Identifier, scope: Scope): void {
    const alias = this.aliases.of(node.name, scope);
    // Where it goes nobody knows.
    if (alias) this.use(alias.name, scope)?.handedOut.add(variableOf(alias));
    const use = this.use(node.name, scope);
    if (!use) return;
    use.whole = true;
    if (this.returning) use.handedOut.add(node.name);
  }

  private lexical(what: string, scope: Scope): void {
    if (!scope.hasThis) this.analysis.lexical ||= what;
  }

  private member(node: MemberExpression, scope: Scope): void {
    const member = memberName(node);
    const named = node.object.type === "Identifier" && member !== undefined ? node.object : undefined;
    const use = named && this.use(named.name, scope);
    if (use) {
      use.members.add(member!);
      if (this.returning && named.name === "exports") use.handedOut.add(member!);
    } else if (!named) this.apart(() => this.visit(node.object, scope));
    if (node.computed) this.apart(() => this.visit(node.property, scope));
  }

  /** What only contributes to a value that is returned: `list` in `list[i]`. */
  private apart(visit: () => void, returning = false): void {
    const before = this.returning;
    this.returning = returning;
    visit();
    this.returning = before;
  }

  private returned(node: Expression | null | undefined, scope: Scope): void {
    this.apart(() => this.visit(node, scope), true);
  }

  // ---- Calls ----

  private call(node: CallExpression, scope: Scope): void {
    const [first, ...rest] = node.arguments;
    const name = calledName(node.callee) ?? "";
    this.called(node, node.callee, scope);
    this.apart(() => this.visit(node.callee, scope));
    const target = first !== undefined && loopCalls.has(name) && this.loopTarget(first, scope);
    const visitRest = () => {
      if (first && !target && !handsThisOn(node)) this.visit(first, scope);
      this.each(rest, scope);
    };
    const borrowed = borrowedMethod(node);
    if ((borrowed !== undefined || changesFirstArgument(node)) && first)
      this.mutated(first as Expression, node, scope, borrowed);
    if (callsBack.test(name) && first?.type === "Identifier")
      this.use(first.name, scope)?.calls.add(first.name);
    const list =
      givesItem.test(name) && node.callee.type === "MemberExpression" ? node.callee.object : undefined;
    if (list && first) this.aliases.giveItems(this.aliases.captured(list, scope), first);
    this.apart(visitRest, handsOut.test(name) || (this.returning && !changesFirstArgument(node)));
  }

  private called(node: CallExpression | NewExpression, callee: Expression | Super, scope: Scope): void {
    if (callee.type === "SequenceExpression") this.called(node, callee.expressions.at(-1)!, scope);
    else if (callee.type === "Identifier") this.use(callee.name, scope)?.calls.add(callee.name);
    if (callee.type !== "MemberExpression") return;
    const method = memberName(callee);
    if (callee.object.type === "Identifier") this.use(callee.object.name, scope)?.calls.add(method ?? "");
    if (method !== undefined && !(this.returning && givesReceiver.test(method)))
      this.mutated(callee.object, node, scope, method);
  }

  private loopTarget(first: AnyNode, scope: Scope): boolean {
    if (first.type !== "Identifier" || scope.has(first.name)) return false;
    this.use(first.name, scope)!.loopOnly = true;
    return true;
  }

  // ---- Changes ----

  private written(pattern: Pattern, scope: Scope, node: AnyNode): void {
    for (const target of targetsOf(pattern)) {
      if (target.type === "Identifier") this.nameWritten(target.name, scope);
      else if (!this.exportWritten(target, scope)) this.mutated(target.object, node, scope);
    }
  }

  private nameWritten(name: string, scope: Scope): void {
    this.use(name, scope)?.writes.add(name);
    if (this.ownName && scope.holder(name) === this.ownName) this.writesOwnName = true;
  }

  /** A variable of an earlier cell is a property of the notebook's `exports`. */
  private exportWritten(target: MemberExpression, scope: Scope): boolean {
    const variable = memberName(target);
    if (target.object.type !== "Identifier" || target.object.name !== "exports") return false;
    if (variable !== undefined) this.use("exports", scope)?.writes.add(variable);
    return true;
  }

  /** `receiver` may be an object that the function captured, or part of one; `node` is what changes it. */
  private mutated(receiver: Expression | Super, node: AnyNode, scope: Scope, method?: string): void {
    const found = this.aliases.captured(receiver, scope);
    const use = found && this.use(found.name, scope);
    if (!use) return;
    // The 1 is for the bracket before the text.
    const text = this.analysis.text.slice(node.start - 1, node.end - 1);
    const mutation: Mutation = { path: found.path, text };
    if (method !== undefined) mutation.method = method;
    use.mutations.push(mutation);
  }

  private forEach(node: ForInStatement | ForOfStatement, scope: Scope): void {
    const inner = declared([node.left], new Scope(scope));
    if (node.left.type !== "VariableDeclaration") this.written(node.left, scope, node.left);
    this.visit(node.left, inner);
    if (node.type === "ForOfStatement" && node.left.type === "VariableDeclaration")
      this.aliases.add(
        node.left.declarations[0]!.id,
        itemOf(this.aliases.captured(node.right, scope)),
        inner,
      );
    this.visitNamed(node.right, inner);
    this.visit(node.body, inner);
  }

  /** One more name for it does not hand it out. */
  private visitNamed(node: Expression | null | undefined, scope: Scope): void {
    if (node?.type !== "Identifier" || !this.aliases.of(node.name, scope)) this.visit(node, scope);
  }

  // ---- Functions and classes ----

  private classNode(node: Class, scope: Scope): void {
    this.visit(node.superClass, scope);
    const inner = withSuper(scope);
    if (node.id) inner.names.add(node.id.name);
    this.each(node.body.body, inner);
  }

  private func(node: FunctionNode, scope: Scope): void {
    const { params, body } = node;
    if (scope.ownThis) scope.names.add("arguments");
    for (const param of params) for (const name of boundNames(param)) scope.names.add(name);
    for (const name of varNames(body)) scope.names.add(name);
    this.apart(() => {
      this.each(params, scope);
      if (params[0]) this.aliases.add(params[0], this.aliases.givenTo(node), scope);
      if (body.type === "BlockStatement") this.each(body.body, declared(body.body, scope));
      else this.returned(body, scope);
    });
  }
}
