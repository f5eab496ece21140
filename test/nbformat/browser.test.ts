import { join } from "node:path";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

const room = join(import.meta.dirname, "..", "..", "notebook-tools", "nbformat");

test("what reads and edits notebooks needs nothing of Node.js, so that it runs in a browser", async () => {
  const warnings: string[] = [];
  const onLog = (_: unknown, { message }: { message: string }) => void warnings.push(message);
  const bundle = await rolldown({
    input: join(room, "browser.ts"),
    platform: "browser",
    logLevel: "warn",
    onLog,
  });
  const { output } = await bundle.generate({ format: "iife", name: "nbformat" });
  const [{ code }] = output;
  expect(warnings).toEqual([]);
  // Lent nothing of Node.
  const lent = ["process", "require", "module", "Buffer", "global", "setImmediate", "__dirname"];
  const nbformat = new Function(
    ...lent,
    `${code}; return nbformat;`,
  )() as typeof import("../../notebook-tools/nbformat/browser");
  const text = '{"cells": [{"cell_type": "code", "source": "1"}], "nbformat": 4, "nbformat_minor": 4}';
  const edited = nbformat.parseNotebook(text).withOutputs(0, { outputs: [], execution_count: 2 });
  expect(nbformat.parseNotebook(edited.toText()).cells[0]).toMatchObject({ execution_count: 2 });
});
