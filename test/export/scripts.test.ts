import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { exportNotebooks, exportScript } from "../../notebook-tools/export";
import { hasTag, multilineText, readNotebook } from "../../notebook-tools/nbformat";
import { code, markdown, notebook } from "./cells";

const root = join(import.meta.dirname, "..", "..");
const notebooks = join(root, "notebooks");

const runners = { "Node.js": [], "ts-node": ["-r", "ts-node/register/transpile-only"] };

/** All sections by both in CI; elsewhere one each, since they take as long as their notebooks do. */
const isChosen = (name: string, by: string) =>
  process.env.CI ? /^\d\d-/.test(name) : name.startsWith(by === "Node.js" ? "02-" : "10-");
const runs = (await readdir(notebooks)).flatMap((name) =>
  Object.entries(runners)
    .filter(([by]) => isChosen(name, by))
    .map(([by, args]) => ({ name, by, args })),
);

let folder: string;
beforeAll(async () => {
  // Within the project, so that the scripts find the packages that the cells import.
  await mkdir(join(root, "out"), { recursive: true });
  folder = await mkdtemp(join(root, "out", "scripts-"));
  const paths = [...new Set(runs.map(({ name }) => join(notebooks, name)))];
  await exportNotebooks(paths, { to: "script", outputDir: folder });
});
afterAll(() => rm(folder, { recursive: true }));

// Scripts mostly wait, as their notebooks do.
vi.setConfig({ maxConcurrency: 2 });

test.concurrent.each(runs)(
  "$name as a script, run by $by, prints what the cells print",
  async ({ name, args }) => {
    const script = join(folder, name.replace(".ipynb", ".ts"));
    // Where Jupyter would run it.
    const { stdout } = await promisify(execFile)(process.execPath, [...args, script], { cwd: notebooks });
    let rest = stripVTControlCharacters(stdout);
    for (const line of await printedBy(join(notebooks, name))) {
      expect(rest).toContain(line);
      rest = rest.slice(rest.indexOf(line) + line.length);
    }
  },
);

/** The lines that the cells of a notebook print each time. */
async function printedBy(file: string): Promise<string[]> {
  const { notebook } = await readNotebook(file);
  return (
    notebook.cells
      .filter((cell) => cell.cell_type === "code" && !hasTag(cell, "measured"))
      .flatMap((cell) => (cell.cell_type === "code" ? cell.outputs : []))
      .flatMap((output) =>
        output.output_type === "stream" && output.name === "stdout" ? [multilineText(output.text)] : [],
      )
      .flatMap((text) => stripVTControlCharacters(text).split("\n"))
      // Section 10 asks where it runs.
      .filter((line) => line !== "" && !line.startsWith("asked for in a cell"))
  );
}

test("the sections are there", async () => {
  expect(runs.length).toBeGreaterThanOrEqual(process.env.CI ? 26 : 2);
  expect((await printedBy(join(notebooks, "02-run-in-executor.ipynb"))).length).toBeGreaterThan(0);
  expect(await readFile(join(folder, "02-run-in-executor.ts"), "utf8")).toContain("async function main()");
});

test("cells that await become a function below the imports of all, each name once", () => {
  const typescript = { language_info: { name: "typescript" } };
  const cells = [
    code('import a, { b } from "m";\nimport "side";\na();'),
    code(
      'import {\n  b,\n  type C as D,\n} from "m";\nimport * as e from "n";\nexport const f = await b(`\nimport no\n`);',
    ),
    code('import a from "m"'),
    markdown("text"),
    code("throw 1", [], { tags: ["raises-exception"] }),
    code('const g = await import("m");'),
  ];
  expect(exportScript(notebook(cells, typescript)).text).toBe(
    `import a, { b } from "m";
import "side";
import { type C as D } from "m";
import * as e from "n";

async function main() {
// %%
a();

// %%
const f = await b(\`
import no
\`);

// %% [markdown]
// text

// %%
try {
throw 1
} catch (error) {
  console.error(error);
}

// %%
const g = await import("m");
}

void main();
`,
  );
});

test("code that does not await, and Python, stays as it is", () => {
  const typescript = { language_info: { name: "typescript" } };
  expect(exportScript(notebook([code('import a from "m";')], typescript)).text).toBe(
    '// %%\nimport a from "m";\n',
  );
  expect(exportScript(notebook([code("import a\nawait b()")])).text).toBe("# %%\nimport a\nawait b()\n");
});
