import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const tools = join(import.meta.dirname, "..", "..", "notebook-tools");

/** What a file imports, itself or through other files of the project. */
async function importsOf(file: string, seen = new Set<string>()): Promise<Set<string>> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const source = await readFile(file, "utf8");
  for (const [, kind, name] of source.matchAll(
    /(?:^|\n)(import|export)\b(?! type\b)[^;]*?(?:from |require\()"([^"]+)"/g,
  )) {
    if (kind && name!.startsWith(".")) await importsOf(`${join(dirname(file), name!)}.ts`, seen);
    else seen.add(name!);
  }
  return seen;
}

test("the pure part needs nothing of Node.js, so that it runs in a browser", async () => {
  const imports = [...(await importsOf(join(tools, "export", "browser.ts")))].filter(
    (name) => !name.endsWith(".ts"),
  );
  expect(imports.filter((name) => !name.startsWith("highlight.js/")).sort()).toEqual([
    "markdown-it",
    "sanitize-html",
  ]);
});
