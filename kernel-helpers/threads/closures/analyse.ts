import { Scope, type Tree, usesThis, Walker } from "./walker";

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
