/** Notebooks whose cells say in their metadata, `expect`, what must stand under them once all have run. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { multilineText, type Output } from "notebook-tools";
import { expect } from "vitest";
import { root } from "./client";

/** What stands under a cell; as expectation a text between slashes is a regular expression, and `error` a part. */
export interface Outputs {
  stdout?: string;
  stderr?: string;
  /** The `text/plain` of its result. */
  value?: string;
  /** The message. */
  error?: string;
  /** Of each display: `type: content`, joined by `; `. */
  display?: string[];
}

interface WrittenCell {
  cell_type: string;
  source: string[];
  metadata: { expect?: Outputs; tags?: string[] };
}

interface FixtureCell {
  index: number;
  source: string;
  expected: Outputs;
  tags: string[];
}

export const folderOf = (name: string) => join(root, "test", "fixtures", "kernel", name);
export const fileOf = (name: string) => join(folderOf(name), `${name}.ipynb`);

/** The code cells of a notebook; those tagged `posix` are left out on Windows, where they cannot hold. */
export function codeCells(name: string): FixtureCell[] {
  const { cells } = JSON.parse(readFileSync(fileOf(name), "utf8")) as { cells: WrittenCell[] };
  return cells.flatMap(({ cell_type, source, metadata }, index) => {
    if (cell_type !== "code") return [];
    const { expect: expected = {}, tags = [] } = metadata;
    if (process.platform === "win32" && tags.includes("posix")) return [];
    return [{ index, source: multilineText(source), expected, tags }];
  });
}

const textOf = (content: unknown) =>
  typeof content === "string" || Array.isArray(content)
    ? multilineText(content as string[])
    : JSON.stringify(content);

/** What a cell's stored outputs show. */
export function shown(outputs: readonly Output[]): Outputs {
  const result: Outputs = {};
  for (const output of outputs) {
    if (output.output_type === "stream") {
      const name = output.name as "stdout" | "stderr";
      result[name] = stripVTControlCharacters((result[name] ?? "") + multilineText(output.text));
    } else if (output.output_type === "error") result.error = output.evalue;
    else if (output.output_type === "execute_result") result.value = textOf(output.data["text/plain"]);
    else {
      const parts = Object.entries(output.data).map(([type, content]) => `${type}: ${textOf(content)}`);
      result.display = [...(result.display ?? []), parts.join("; ")];
    }
  }
  return result;
}

function matcher(text: string): unknown {
  const [, pattern] = /^\/(.*)\/$/s.exec(text) ?? [];
  return pattern ? expect.stringMatching(new RegExp(pattern)) : text;
}

/** What to hold `shown` to with `toEqual`. */
export function matching({ stdout, stderr, value, error, display }: Outputs): object {
  return {
    ...(stdout !== undefined && { stdout: matcher(stdout) }),
    ...(stderr !== undefined && { stderr: matcher(stderr) }),
    ...(value !== undefined && { value: matcher(value) }),
    ...(error !== undefined && { error: expect.stringContaining(error) }),
    ...(display && { display: display.map(matcher) }),
  };
}
