/** A value -> what front ends can show of it. */

import { inspect, types } from "node:util";
import { withBase64 } from "./output";

const displaySymbol = Symbol.for("Jupyter.display");

/** A result is shown as deep as this, while its text stays shorter than `longest`; `console.log` shows 2 levels. */
const deepest = 12;
const shallowest = 2;
const longest = 4000;

/** As text: as deep as fits, and at least as Node shows it. */
function plainResult(value: unknown): string {
  let text = inspect(value, { depth: shallowest });
  for (let depth = shallowest + 1; depth <= deepest; depth++) {
    const deeper = inspect(value, { depth });
    if (deeper === text || deeper.length > longest) break;
    text = deeper;
  }
  return text;
}

/** For front ends that show nothing else: what has only a picture of itself is named by its formats. */
function plainFor(value: object, data: Record<string, unknown>): string {
  const isNamed = Object.getPrototypeOf(value)?.constructor !== Object || inspect.custom in value;
  return isNamed ? plainResult(value) : `[${Object.keys(data).join(", ")}]`;
}

/** How a value says that it shall be shown; a proxy may refuse every question, and is shown as Node shows it. */
function rendererOf(value: unknown): unknown {
  try {
    return (value as { [displaySymbol]?: unknown } | null | undefined)?.[displaySymbol];
  } catch (error) {
    if (types.isProxy(value)) return undefined;
    throw error;
  }
}

/**
 * A value in the formats a front end can show, `text/plain` always among them. Throws what its
 * `Jupyter.display` throws, and `TypeError` if that returns no object.
 */
export async function mimebundle(value: unknown): Promise<Record<string, unknown>> {
  const render = rendererOf(value);
  if (typeof render !== "function") return { "text/plain": plainResult(value) };
  const bundle: unknown = await render.call(value);
  if (typeof bundle !== "object" || bundle === null) {
    throw new TypeError(
      `Symbol.for("Jupyter.display") must return an object of MIME types, such as { "text/html": "<b>x</b>" }, got ${inspect(bundle)}`,
    );
  }
  const data = withBase64({ ...bundle });
  return "text/plain" in data ? data : { ...data, "text/plain": plainFor(value as object, data) };
}
