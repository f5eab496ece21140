import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Ajv from "ajv";
import { type Chart } from "kernel-helpers";
import { expect } from "vitest";

const path = createRequire(import.meta.url).resolve("vega-lite/build/vega-lite-schema.json");
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
let validate: ReturnType<typeof ajv.compile> | undefined;

/** Holds a chart against the Vega-Lite v5 schema that its package ships. */
export function expectValidSpec({ spec }: Chart): void {
  validate ??= ajv.compile(JSON.parse(readFileSync(path, "utf8")));
  // As a front end receives it.
  const valid = validate(JSON.parse(JSON.stringify(spec)));
  expect(valid ? [] : validate.errors!.slice(0, 5)).toEqual([]);
}

/** A small parser's look at the SVG: every tag closed in order, no stray `<` or `&`. */
export function expectWellFormed(svg: string): void {
  const open: string[] = [];
  const text = svg.replace(
    /<(\/?)([a-z]+)((?:\s[\w:-]+="[^"<]*")*)\s*(\/?)>/gi,
    (_, close, name, __, self) => {
      if (close) expect(open.pop()).toBe(name);
      else if (!self) open.push(name);
      return "";
    },
  );
  expect(open).toEqual([]);
  expect(text.replace(/&(amp|lt|gt|quot|#\d+);/g, "")).not.toMatch(/[<&]/);
}
