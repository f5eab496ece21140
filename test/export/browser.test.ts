import { join } from "node:path";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

/** The pure part as one script for a browser, made by a bundler that knows what a browser has. */
async function bundled(): Promise<{ code: string; warnings: string[] }> {
  const warnings: string[] = [];
  const bundle = await rolldown({
    input: join(import.meta.dirname, "..", "..", "notebook-tools", "export", "browser.ts"),
    platform: "browser",
    logLevel: "warn",
    onLog: (_level, { message }) => warnings.push(message),
  });
  const { output } = await bundle.generate({ format: "iife", name: "exporter" });
  return { code: output[0].code, warnings };
}

test("the pure part needs nothing of Node.js, so that it runs in a browser", async () => {
  const { code, warnings } = await bundled();
  expect(warnings.filter((message) => /unresolved|external|node:/i.test(message))).toEqual([]);
  expect(code).not.toMatch(/require\(["'](?:node:|fs|path|url|module)/);
  // Nothing of a browser is needed either: only what both have is lent to it.
  const exporter = new Function("process", "require", "module", "Buffer", `${code}; return exporter;`)() as {
    exportHtml(notebook: object): string;
  };
  const cells = [{ cell_type: "markdown", metadata: {}, source: "# A $x$\n\n<style>a{}</style>" }];
  expect(exporter.exportHtml({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 })).toMatch(
    /<math>.*<\/math>/,
  );
});
