import { globSync } from "node:fs";
import { expect, it } from "vitest";
import { readNotebook } from "../../notebook-tools/nbformat";

// JupyterLab writes what the kernel reports into the notebook; where it stands already, opening changes nothing.
it.each(globSync("notebooks/**/*.ipynb"))("%s names the language as the kernel reports it", async (file) => {
  const { notebook } = await readNotebook(file);
  expect(notebook.metadata.language_info).toMatchObject({
    name: "typescript",
    mimetype: "text/typescript",
    file_extension: ".ts",
    pygments_lexer: "typescript",
    version: "5.0.4",
  });
});
