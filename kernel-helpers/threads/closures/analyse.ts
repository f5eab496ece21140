import type { AnyNode, Class, FunctionExpression, ObjectExpression, Property } from "acorn";
import type { Analysis } from "./analysis";
import { type Edit, edited, readClass, reduceClass, superclass } from "./class-text";
import { Scope, usesThis } from "./syntax";
import { Walker } from "./walker";

const cache = new Map<string, Analysis>();
const cacheLimit = 2000;
const none: ReadonlySet<string> = new Set();

/**
 * Reads a function's text; the same text is parsed once. Of a class, the static fields in `kept` stay in the source.
 * Throws SyntaxError if the text is not one of a function.
 */
export function analyse(text: string, kept = none): Analysis {
  const key = kept.size === 0 ? text : `${[...kept].join()}\n${text}`;
  let known = cache.get(key);
  if (!known) {
    known = read(text, kept);
    if (cache.size >= cacheLimit) cache.clear();
    cache.set(key, known);
  }
  return known;
}

function read(text: string, kept: ReadonlySet<string>): Analysis {
  const analysis: Analysis = {
    text,
    source: text,
    shape: "expression",
    free: new Map(),
    lexical: "",
    imports: false,
    derived: false,
    classText: undefined,
    kept,
    methodThis: false,
  };
  if (/\{\s*\[native code\]\s*\}$/.test(text)) return { ...analysis, shape: "native" };
  const root = parseFunction(text, analysis);
  walk(root, analysis);
  for (const use of analysis.free.values()) use.loopOnly &&= !use.whole && use.members.size === 0;
  return analysis;
}

function walk(root: AnyNode, analysis: Analysis): void {
  const walker = new Walker(analysis, root);
  walker.visit(root, new Scope(undefined));
  if (walker.writesOwnName) walkNameless(root as FunctionExpression, analysis);
}

/**
 * A declaration that puts another function in its place, as helpers of compilers do. As an expression its name
 * would be a constant, so it goes without: its name is then a variable like any other.
 */
function walkNameless(root: FunctionExpression, analysis: Analysis): void {
  const { name, start, end } = root.id!;
  // The 1 is for the bracket before the text.
  analysis.source = edited(analysis.text, [{ start: start - 1, end: end - 1, text: "" }]);
  analysis.free.clear();
  root.id = null;
  new Walker(analysis, root).visit(root, new Scope(undefined));
  analysis.free.get(name)?.writes.delete(name);
}

function parse(text: string): AnyNode {
  // Loaded when it is needed: most workers never parse.
  const { parseExpressionAt } = require("acorn") as typeof import("acorn");
  // `import.meta` is let through here, to be refused by its name.
  const options = {
    ecmaVersion: "latest",
    allowSuperOutsideMethod: true,
    allowImportExportEverywhere: true,
  } as const;
  return parseExpressionAt(text, 0, options);
}

function parseFunction(text: string, analysis: Analysis): AnyNode {
  try {
    const node = parse(`(${text}\n)`);
    if (/^(Arrow)?Function/.test(node.type)) return node;
    if (node.type === "ClassExpression") return parsedClass(node, analysis);
  } catch {
    // Not an expression: the text of a method, a getter or a setter, tried below.
  }
  analysis.shape = "method";
  const holder = parse(`({${text}\n})`) as ObjectExpression;
  const value = (holder.properties[0] as Property).value as FunctionExpression;
  analysis.methodThis = [...value.params, value.body].some(usesThis);
  // Without its key, which may be computed from names that are of no use elsewhere. The 2 is for "({".
  const mark = `${value.async ? "async " : ""}${value.generator ? "*" : ""}`;
  analysis.source = `({ ${mark}method${text.slice(value.start - 2)} }).method`;
  return value;
}

function parsedClass(node: Class & AnyNode, analysis: Analysis): AnyNode {
  const { text, kept } = analysis;
  analysis.shape = "class";
  analysis.classText = readClass(node, text);
  const edits = [...reduceClass(node, text, kept), ...renameSuperclass(node, analysis)];
  analysis.source = edited(text, edits);
  return node;
}

/** V8 keeps no variable for `extends Base` alone; the class itself knows its superclass. */
function renameSuperclass(node: Class, analysis: Analysis): Edit[] {
  if (!node.superClass) return [];
  const { start, end } = node.superClass;
  analysis.derived = true;
  node.superClass = undefined;
  return [{ start: start - 1, end: end - 1, text: superclass }];
}
