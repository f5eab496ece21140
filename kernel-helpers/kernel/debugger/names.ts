/** Expressions of a reader: names of earlier cells are properties of one object at run time. */

import type { AnyNode } from "acorn";

interface Use {
  name: string;
  start: number;
  end: number;
  /** As in `{ total }`. */
  shorthand: boolean;
  /** As in `total = 1`. */
  written: boolean;
  /** As in `typeof total`, where it need not exist. */
  asked: boolean;
}

/** Nodes within which names that they make hide others. */
const hides = /Function|^(CatchClause|Program|BlockStatement)$/;

/** Where a node makes names of its own: parameters, variables, the names of functions and classes. */
const makesNames = (node: AnyNode, key: string) =>
  (/Function|Class/.test(node.type) && (key === "params" || key === "id")) ||
  (node.type === "VariableDeclarator" && key === "id") ||
  (node.type === "CatchClause" && key === "param");

/** The parts of a node, each by its key. */
export function* childrenOf(node: AnyNode): Generator<[string, AnyNode]> {
  for (const [key, part] of Object.entries(node))
    for (const child of Array.isArray(part) ? part : [part])
      if (typeof child?.type === "string") yield [key, child];
}

/** The names that are made within a node, but not within another that hides them. */
function namesMadeIn(node: AnyNode, isOwn = false): string[] {
  if (node.type === "Identifier") return isOwn ? [node.name] : [];
  return [...childrenOf(node)].flatMap(([key, child]) => {
    if (isOwn && (key === "right" || (node.type === "Property" && key === "key"))) return [];
    const makes = isOwn || makesNames(node, key);
    return !makes && hides.test(child.type) ? [] : namesMadeIn(child, makes);
  });
}

/** Where an expression names variables; undefined if it is none in JavaScript, which whoever runs it will say. */
function usesIn(expression: string): Use[] | undefined {
  const { parse } = require("acorn") as typeof import("acorn");
  const uses: Use[] = [];
  const visit = (node: AnyNode, own: Set<string>, { written = false, asked = false } = {}): void => {
    if (node.type === "Identifier") {
      const { name, start, end } = node;
      if (!own.has(name)) uses.push({ name, start, end, shorthand: false, written, asked });
      return;
    }
    const inside = hides.test(node.type) ? new Set([...own, ...namesMadeIn(node)]) : own;
    for (const [key, child] of childrenOf(node)) {
      if (node.type === "MemberExpression" && key === "property" && !node.computed) continue;
      if (node.type === "Property" && key === "key" && !node.computed) continue;
      const isTarget =
        (node.type === "AssignmentExpression" && key === "left") || node.type === "UpdateExpression";
      const before = uses.length;
      visit(child, inside, {
        written: isTarget,
        asked: node.type === "UnaryExpression" && node.operator === "typeof",
      });
      if (node.type === "Property" && node.shorthand && uses.length > before) uses.at(-1)!.shorthand = true;
    }
  };
  try {
    visit(parse(expression, { ecmaVersion: "latest", allowAwaitOutsideFunction: true }), new Set());
    return uses;
  } catch {
    return undefined;
  }
}

/** The text so that braces are an object's; as it is where it is no expression. */
export function asExpression(text: string): string {
  return syntaxFault(text) === undefined ? `(${text}\n)` : text;
}

/** What is wrong with the syntax of an expression, if anything is. */
export function syntaxFault(expression: string): string | undefined {
  const { parse } = require("acorn") as typeof import("acorn");
  try {
    parse(`(${expression}\n)`, { ecmaVersion: "latest" });
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/ \(\d+:\d+\)$/, "");
  }
}

/** The names that an expression uses. */
export function namesIn(expression: string): string[] {
  return [...new Set((usesIn(expression) ?? []).map(({ name }) => name))];
}

/** The expression with some names replaced. */
export function withNames(expression: string, text: (use: Use) => string | undefined): string {
  let result = expression;
  for (const use of (usesIn(expression) ?? []).reverse()) {
    const { name, start, end, shorthand } = use;
    const replaced = text(use);
    if (replaced === undefined) continue;
    result = `${result.slice(0, start)}${shorthand ? `${name}: ` : ""}${replaced}${result.slice(end)}`;
  }
  return result;
}

/** What earlier cells have made, in the event loop's thread. */
export const variablesOfCells = "globalThis.__tslab__.exports";

/** The same where a frame may have the object at hand; in a thread it holds what the function captures. */
export const variablesHere = '(typeof exports === "object" ? exports : globalThis.__tslab__?.exports ?? {})';

/** An expression in which a name that the code around does not know is that of an earlier cell. */
export function orOfCells(expression: string): string {
  return withNames(expression, ({ name, written, asked }) => {
    if (written) return undefined;
    const isKnown = asked ? "true" : `"${name}" in ${variablesHere}`;
    return `(() => { try { return ${name} } catch (e) { if (/not defined/.test(e?.message) && ${isKnown}) return ${variablesHere}.${name}; throw e } })()`;
  });
}
