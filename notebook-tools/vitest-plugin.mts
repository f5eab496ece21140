/**
 * Makes each notebook a test file of vitest, so that `--shard`, `--changed`, several workers and merged blob
 * reports spread a collection over cores and machines:
 *
 *     import { notebookFiles } from "notebook-tools/vitest-plugin";
 *     export default defineConfig({ plugins: [notebookFiles()], test: { include: ["notebooks/*.ipynb"] } });
 */
import { fileURLToPath } from "node:url";
import type { NotebookTestOptions } from "./vitest.mjs";

/** What of vite's plugin interface is used; written out so that this package needs no vite. */
export interface NotebookPlugin {
  name: string;
  enforce: "pre";
  load(id: string): string | undefined;
}

const tests = fileURLToPath(new URL("./vitest.mjs", import.meta.url));

/** The plugin. Its options go to `notebookTests` for each notebook. */
export function notebookFiles(options: NotebookTestOptions = {}): NotebookPlugin {
  return {
    name: "notebook-tools",
    enforce: "pre",
    load(id) {
      const [file = ""] = id.split("?");
      if (!file.endsWith(".ipynb")) return undefined;
      const call = `notebookTests(${JSON.stringify(file)}, ${JSON.stringify(options)});`;
      return `import { notebookTests } from ${JSON.stringify(tests)};\n${call}\n`;
    },
  };
}
