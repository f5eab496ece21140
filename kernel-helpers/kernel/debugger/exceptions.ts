/** Whether an error leaves the reader's own code. The kernel catches whatever a cell throws, so that V8 cannot tell. */

import type { AnyNode } from "acorn";
import { childrenOf } from "./names";
import type { Script } from "./scripts";

interface Range {
  start: number;
  end: number;
}

interface Shape {
  functions: Range[];
  /** The blocks of `try` that have a `catch`. */
  caught: Range[];
}

const shapes = new WeakMap<Script, Shape>();

function shapeOf(script: Script): Shape {
  const known = shapes.get(script);
  if (known) return known;
  const shape: Shape = { functions: [], caught: [] };
  const visit = (node: AnyNode): void => {
    if (/Function/.test(node.type)) shape.functions.push(node);
    if (node.type === "TryStatement" && node.handler) shape.caught.push(node.block);
    for (const [, child] of childrenOf(node)) visit(child);
  };
  const { parse } = require("acorn") as typeof import("acorn");
  try {
    visit(
      parse(script.text, {
        ecmaVersion: "latest",
        allowAwaitOutsideFunction: true,
        allowReturnOutsideFunction: true,
        allowHashBang: true,
      }),
    );
  } catch {
    // Newer than this parser: nothing is known to be caught.
  }
  shapes.set(script, shape);
  return shape;
}

const innermost = (ranges: Range[], offset: number) =>
  ranges
    .filter(({ start, end }) => start <= offset && offset < end)
    .reduce<Range | undefined>((best, each) => (!best || each.start >= best.start ? each : best), undefined);

/** Whether a `catch` of the function that runs at a position takes what is thrown there. */
export function isCaught(script: Script, line: number, column: number): boolean {
  const { functions, caught } = shapeOf(script);
  const offset = script.offsetOf(line, column);
  const block = innermost(caught, offset);
  return block !== undefined && block.start >= (innermost(functions, offset)?.start ?? 0);
}
