import { globSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { readNotebook } from "../../notebook-tools/nbformat";

const { version } = createRequire(import.meta.url)("typescript/package.json");

// JupyterLab writes what the kernel reports into the notebook; where it stands already, opening changes nothing.
it.each(globSync("notebooks/**/*.ipynb"))("%s names the language as the kernel reports it", async (file) => {
  const { notebook } = await readNotebook(file);
  expect(notebook.metadata.language_info).toMatchObject({
    name: "typescript",
    mimetype: "text/typescript",
    file_extension: ".ts",
    pygments_lexer: "typescript",
    version,
  });
});
