import type { AnyNode, Program } from "acorn";
import { pauseClock } from "../../inspector";
import type { AnyFunction } from "../task/types";
import { scriptAround } from "./scopes";
import { boundNames, childrenOf, targetsOf } from "./syntax";

/**
 * Which captured variables never change, as the script says in which a function stands; V8 does not tell. Only what
 * is beyond doubt counts: the one declaration of that name in the whole script, by `const`, `function` or `class`,
 * around the function, which nothing assigns to, in a script without `with` and `eval`.
 */

/** From where to where in the script a name means its one declaration. */
interface Range {
  start: number;
  end: number;
}

interface Constants {
  source: string;
  ranges: Map<string, Range>;
}

/** Longer scripts are not read: it would take the loop more than some 50 ms. */
const longestScript = 200_000;
/** A function whose text is there more often is not looked for. */
const mostPlaces = 20;

const scripts = new Map<string, Constants | undefined>();
const scriptsLimit = 50;

/** Tells whether a variable that the function captures is constant. The first call for a script takes its time. */
export function constantsOf(fn: AnyFunction): (name: string) => boolean {
  const constants = read(fn);
  const places = constants ? placesOf(Function.prototype.toString.call(fn), constants.source) : [];
  return (name) => {
    const range = constants?.ranges.get(name);
    // Whoever holds a debugger can set a constant, too.
    if (!range || places.length === 0 || (pauseClock()?.pausedMs ?? 0) > 0) return false;
    return places.every((at) => range.start <= at && at < range.end);
  };
}

/** All places where the function may stand. */
function placesOf(text: string, source: string): number[] {
  const places: number[] = [];
  for (let at = source.indexOf(text); at >= 0; at = source.indexOf(text, at + 1)) places.push(at);
  return places.length > mostPlaces ? [] : places;
}

function read(fn: AnyFunction): Constants | undefined {
  const script = scriptAround(fn);
  if (!script) return undefined;
  const { id, isModule, isFile } = script;
  if (!scripts.has(id)) {
    if (scripts.size >= scriptsLimit) scripts.clear();
    const source = script.source();
    const ranges = source.length > longestScript ? undefined : rangesIn(source, isModule, isFile);
    scripts.set(id, ranges && { source, ranges });
  }
  return scripts.get(id);
}

function rangesIn(source: string, isModule: boolean, isFile: boolean): Map<string, Range> | undefined {
  const { parse } = require("acorn") as typeof import("acorn");
  try {
    const program = parse(source, {
      ecmaVersion: "latest",
      sourceType: isModule ? "module" : "script",
      allowReturnOutsideFunction: true,
      allowHashBang: true,
    });
    return new Declarations(program, isModule, isFile).constant();
  } catch {
    // What acorn cannot read, or what is nested too deeply, has no constants.
    return undefined;
  }
}

class Declarations {
  /** How often each name is declared, anywhere. */
  readonly #counts = new Map<string, number>();
  readonly #ranges = new Map<string, Range>();
  readonly #assigned = new Set<string>();
  /** Names mean what the code decides when it runs. */
  #isDynamic = false;

  constructor(
    program: Program,
    /** Other scripts can assign to a classic script's classes. */
    private readonly isModule: boolean,
    /** Functions that code given to `eval` declares are variables of the code around it. */
    private readonly isFile: boolean,
  ) {
    this.#visit(program, program, program);
  }

  constant(): Map<string, Range> | undefined {
    if (this.#isDynamic) return undefined;
    for (const name of this.#ranges.keys())
      if (this.#counts.get(name) !== 1 || this.#assigned.has(name)) this.#ranges.delete(name);
    return this.#ranges;
  }

  #declare(names: (string | undefined)[], range?: Range): void {
    for (const name of names) {
      if (name === undefined) continue;
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
      if (range) this.#ranges.set(name, { start: range.start, end: range.end });
    }
  }

  /** `block` is the scope of what `const` declares. */
  #visit(node: AnyNode, parent: AnyNode, block: Range): void {
    this.#note(node, parent, block);
    let inner = block;
    if (/^(BlockStatement|StaticBlock|For)/.test(node.type)) inner = node;
    if (node.type === "SwitchStatement") inner = { start: node.discriminant.end, end: node.end };
    for (const child of childrenOf(node)) this.#visit(child, node, inner);
  }

  #note(node: AnyNode, parent: AnyNode, block: Range): void {
    switch (node.type) {
      case "VariableDeclaration":
        for (const { id } of node.declarations)
          this.#declare(boundNames(id), node.kind === "const" ? block : undefined);
        break;
      case "FunctionDeclaration":
        this.#declare([node.id?.name], this.#keepsFunctions(parent) ? block : undefined);
        this.#declare(node.params.flatMap(boundNames));
        break;
      case "FunctionExpression":
        this.#declare([node.id?.name], node);
        this.#declare(node.params.flatMap(boundNames));
        break;
      case "ArrowFunctionExpression":
        this.#declare(node.params.flatMap(boundNames));
        break;
      case "ClassDeclaration":
        this.#declare([node.id?.name], this.isModule || parent.type !== "Program" ? block : undefined);
        break;
      case "ClassExpression":
        this.#declare([node.id?.name], node);
        break;
      case "CatchClause":
        this.#declare(boundNames(node.param));
        break;
      // The module that exports it may assign to it.
      case "ImportSpecifier":
      case "ImportDefaultSpecifier":
      case "ImportNamespaceSpecifier":
        this.#declare([node.local.name]);
        break;
      default:
        this.#noteChange(node);
    }
  }

  /** In sloppy code `if (…) function f() {}` makes a variable, which is given its value when that runs. */
  #keepsFunctions({ type }: AnyNode): boolean {
    return type === "Program" ? this.isModule || this.isFile : !/^(If|Labeled)/.test(type);
  }

  #noteChange(node: AnyNode): void {
    if (node.type === "AssignmentExpression") this.#assign(node.left);
    else if (node.type === "UpdateExpression") this.#assign(node.argument as never);
    else if (node.type === "ForInStatement" || node.type === "ForOfStatement") {
      if (node.left.type !== "VariableDeclaration") this.#assign(node.left);
    } else if (node.type === "WithStatement") this.#isDynamic = true;
    else if (node.type === "Identifier" && node.name === "eval") this.#isDynamic = true;
  }

  #assign(pattern: Parameters<typeof targetsOf>[0]): void {
    for (const target of targetsOf(pattern))
      if (target.type === "Identifier") this.#assigned.add(target.name);
  }
}
