import { join } from "node:path";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

type Part = typeof import("../../notebook-tools/run/browser");
type Cell = import("../../notebook-tools/run/browser").Cell;
type Kernel = import("../../notebook-tools/run/browser").SessionKernel;
type Listener = Parameters<Kernel["onMessage"]>[0];

/** The part for browsers as one script, lent nothing of Node. */
async function bundled(): Promise<{ part: Part; warnings: string[] }> {
  const warnings: string[] = [];
  const bundle = await rolldown({
    input: join(import.meta.dirname, "..", "..", "notebook-tools", "run", "browser.ts"),
    platform: "browser",
    logLevel: "warn",
    onLog: (_level, { message }) => void warnings.push(message),
  });
  const { output } = await bundle.generate({ format: "iife", name: "run" });
  const lent = ["process", "require", "module", "Buffer", "global", "setImmediate", "__dirname"];
  return { part: new Function(...lent, `${output[0].code}; return run;`)() as Part, warnings };
}

/** A kernel that prints each cell's source, but for `die`, where it is gone. */
function echo(part: Part): Kernel {
  const listeners: Listener[] = [];
  const exit = { code: null, signal: null, reason: "it was restarted", output: "" };
  const kernel = {
    spec: { language: "echo" },
    info: {},
    exit: null as typeof exit | null,
    output: "",
    async execute(code: string, { msgId }: { msgId: string }) {
      if (code === "die") {
        kernel.exit = exit;
        throw new part.KernelDiedError(exit);
      }
      const header = { msg_id: "1", msg_type: "stream", session: "", username: "", date: "", version: "5.3" };
      const content = { name: "stdout", text: code };
      for (const listener of listeners)
        listener({
          channel: "iopub",
          header,
          parent_header: { msg_id: msgId },
          metadata: {},
          content,
          buffers: [],
        });
      return { msgId, status: "ok", reply: { execution_count: 1 }, idle: true, askedForInput: false };
    },
    request: async () => ({}),
    onMessage: (listener: Listener) => listeners.push(listener),
    interrupt: async () => {},
    shutdown: async () => {},
  };
  return kernel;
}

const cell = (source: string, stored: string, ...tags: string[]): Cell => ({
  cell_type: "code",
  metadata: { tags },
  source,
  execution_count: null,
  outputs: stored ? [{ output_type: "stream", name: "stdout", text: stored }] : [],
});

test("what runs and checks needs nothing of Node.js, so that a browser judges as `nb run --check` does", async () => {
  const { part, warnings } = await bundled();
  expect(warnings).toEqual([]);
  const document = {
    cells: [
      cell("a", "a"),
      cell("b", "c"),
      cell("took 5 ms", "took 7 ms", "measured"),
      cell("d", "e", "ignore-output"),
      cell("f", "", "raises-exception"),
      cell("g", "", "skip-execution"),
      cell("die", ""),
      cell("h", "h"),
    ],
  };
  const session = new part.Session(echo(part), { lineOf: () => 1, settleMs: 1 });
  for (const step of part.steps(part.plan(document, 1000))) await session.run(step);
  await session.settle();
  session.compare(part.differenceFrom(document));
  const results = session.results();
  expect(results.map(({ status, failures }) => [status, failures[0]?.kind])).toEqual([
    ["passed", undefined],
    ["differs", "differs"],
    ["passed", undefined],
    ["passed", undefined],
    ["failed", "expected-error"],
    ["skipped", undefined],
    ["failed", "died"],
    ["not-run", "not-run"],
  ]);
  expect(results[1]!.failures[0]!.diff).toBe("  stdout:\n- c\n+ b");
});
