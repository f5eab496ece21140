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
}

/** Where an expression names variables; undefined if it is none in JavaScript, which whoever runs it will say. */
function usesIn(expression: string): Use[] | undefined {
  const { parse } = require("acorn") as typeof import("acorn");
  const uses: Use[] = [];
  const visit = (node: AnyNode, written = false): void => {
    if (node.type === "Identifier") {
      uses.push({ name: node.name, start: node.start, end: node.end, shorthand: false, written });
      return;
    }
    for (const [key, part] of Object.entries(node)) {
      for (const child of Array.isArray(part) ? part : [part]) {
        if (typeof child?.type !== "string") continue;
        if (node.type === "MemberExpression" && key === "property" && !node.computed) continue;
        if (node.type === "Property" && key === "key" && !node.computed) continue;
        const isTarget =
          (node.type === "AssignmentExpression" && key === "left") || node.type === "UpdateExpression";
        visit(child as AnyNode, isTarget);
        if (node.type === "Property" && node.shorthand) uses.at(-1)!.shorthand = true;
      }
    }
  };
  try {
    visit(parse(expression, { ecmaVersion: "latest", allowAwaitOutsideFunction: true }));
    return uses;
  } catch {
    return undefined;
  }
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
export function withNames(
  expression: string,
  text: (name: string, written: boolean) => string | undefined,
): string {
  let result = expression;
  for (const { name, start, end, shorthand, written } of (usesIn(expression) ?? []).reverse()) {
    const replaced = text(name, written);
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
  return withNames(expression, (name, written) =>
    written ? undefined : `(typeof ${name} === "undefined" ? ${variablesHere}.${name} : ${name})`,
  );
}
