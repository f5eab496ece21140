/** Notebooks that look well and are not: each should fail, or at least say something. */

interface TrapCell {
  source: string;
  tags?: string[];
  outputs?: object[];
  type?: "markdown";
}

export interface Trap {
  /** What is wrong with it. */
  name: string;
  kernel: "python3" | "tslab";
  cells: (string | TrapCell)[];
  metadata?: object;
  /**
   * What `nb run --check` must say: `red`, or `said` where it passes with a note, because the notebook may mean it
   * so.
   */
  expected: "red" | "said";
}

const stream = (text: string) => ({ output_type: "stream", name: "stdout", text: [text] });
const storedError = { output_type: "error", ename: "ValueError", evalue: "stored", traceback: ["stored"] };

const python: Omit<Trap, "kernel">[] = [
  { name: "an error", cells: ["x = 1", "raise ValueError('plain')"], expected: "red" },
  { name: "the process ends in the last cell", cells: ["x = 1", "import os\nos._exit(0)"], expected: "red" },
  {
    name: "the process ends in the middle",
    cells: ["import os\nos._exit(0)", "y = 1"],
    expected: "red",
  },
  { name: "exit()", cells: ["exit()", "y = 1"], expected: "red" },
  {
    name: "a value that cannot be shown",
    cells: ["class Bad:\n    def __repr__(self):\n        raise ValueError('repr')\nBad()"],
    expected: "red",
  },
  { name: "an unknown magic", cells: ["%no_such_magic"], expected: "red" },
  {
    name: "an error in a thread",
    cells: [
      "import threading\ndef f():\n    raise ValueError('in a thread')\nt = threading.Thread(target=f)\nt.start()\nt.join()",
      "y = 1",
    ],
    expected: "red",
  },
  {
    name: "an error in a task that nobody awaits",
    cells: [
      "import asyncio, gc\nasync def f():\n    raise ValueError('in a task')\nt = asyncio.ensure_future(f())",
      "await asyncio.sleep(0.1)\ndel t\ngc.collect()",
    ],
    expected: "red",
  },
  {
    name: "an error in a thread, 50 ms after the last cell",
    cells: [
      "import threading, time\ndef f():\n    time.sleep(0.05)\n    raise ValueError('late')\nthreading.Thread(target=f).start()",
    ],
    expected: "red",
  },
  {
    name: "raises-exception that does not raise",
    cells: [{ source: "x = 1", tags: ["raises-exception"] }],
    expected: "red",
  },
  {
    name: "an error, and allow_errors in the metadata",
    cells: ["raise ValueError('allowed')"],
    metadata: { execution: { allow_errors: true }, allow_errors: true },
    expected: "red",
  },
  {
    name: "another output than the stored one",
    cells: [{ source: "print('new')", outputs: [stream("old\n")] }],
    expected: "red",
  },
  {
    name: "an empty cell with a stored error",
    cells: [{ source: "", outputs: [storedError] }],
    expected: "red",
  },
  { name: "no code at all", cells: [{ source: "# Only words", type: "markdown" }], expected: "said" },
  { name: "a shell command that fails", cells: ["!exit 3"], expected: "said" },
  {
    name: "a script that shall not raise, and fails",
    cells: ["%%bash --no-raise-error\nexit 3"],
    // Its author has said that it may, and IPython keeps no trace of how it ended.
    expected: "said",
  },
];

const worker = (code: string) =>
  `import { Worker } from "node:worker_threads";\nvoid new Worker(${JSON.stringify(code)}, { eval: true });`;

const typescript: Omit<Trap, "kernel">[] = [
  { name: "an error", cells: ["const x = 1;", "throw new Error('plain')"], expected: "red" },
  { name: "a type error", cells: ["const n: number = 'text';\nconsole.log(n);"], expected: "red" },
  { name: "the process ends in the last cell", cells: ["const x = 1;", "process.exit(0)"], expected: "red" },
  { name: "the process ends in the middle", cells: ["process.exit(0)", "const y = 1;"], expected: "red" },
  {
    name: "a value that cannot be shown",
    cells: ["({ [Symbol.for('Jupyter.display')]() { throw new Error('shown') } })"],
    expected: "red",
  },
  {
    name: "a throw in a timer, 300 ms after the last cell",
    cells: ["void setTimeout(() => { throw new Error('late') }, 300)"],
    expected: "red",
  },
  {
    name: "a rejection that nobody handles",
    cells: ["void Promise.reject(new Error('rejected'));"],
    expected: "red",
  },
  {
    name: "a rejection, 300 ms after the last cell",
    cells: [
      "const later = async () => {\n  await new Promise((done) => setTimeout(done, 300));\n  throw new Error('late');\n};\nvoid later();",
    ],
    expected: "red",
  },
  {
    name: "an error in a worker",
    cells: [worker("throw new Error('in a thread')"), "const y = 1;"],
    expected: "red",
  },
  {
    name: "an error in a worker, 300 ms after the last cell",
    cells: [worker("setTimeout(() => { throw new Error('late') }, 300)")],
    expected: "red",
  },
  {
    name: "an `error` event that nobody listens to",
    cells: [
      "import { createReadStream } from \"node:fs\";\nvoid createReadStream('/no/such/file').resume();",
    ],
    expected: "red",
  },
  {
    name: "a failing test of node:test",
    cells: [
      'import { test } from "node:test";\nimport assert from "node:assert";\nvoid test("adds", () => { assert.equal(1 + 1, 3); });',
    ],
    expected: "red",
  },
  {
    name: "a test that fails after 200 ms",
    cells: [
      'import { describe, it } from "node:test";\nvoid describe("late", () => {\n  it("fails", async () => {\n    await new Promise((done) => setTimeout(done, 200));\n    throw new Error("late");\n  });\n});',
    ],
    expected: "red",
  },
  { name: "an exit code that is set", cells: ["void (process.exitCode = 2);"], expected: "red" },
  {
    name: "raises-exception that does not raise",
    cells: [{ source: "const x = 1;", tags: ["raises-exception"] }],
    expected: "red",
  },
  {
    name: "another output than the stored one",
    cells: [{ source: "console.log('new')", outputs: [stream("old\n")] }],
    expected: "red",
  },
  {
    name: "an empty cell with a stored error",
    cells: [{ source: "", outputs: [storedError] }],
    expected: "red",
  },
  { name: "no code at all", cells: [{ source: "# Only words", type: "markdown" }], expected: "said" },
];

export const traps: Trap[] = [
  ...python.map((trap): Trap => ({ ...trap, kernel: "python3" })),
  ...typescript.map((trap): Trap => ({ ...trap, kernel: "tslab" })),
];

/** A trap as a notebook file. */
export function trapText({ kernel, cells, metadata }: Trap): string {
  const all = cells.map((cell) => (typeof cell === "string" ? { source: cell } : cell) as TrapCell);
  const notebook = {
    cells: all.map(({ source, tags = [], outputs = [], type = "code" }, index) => ({
      cell_type: type,
      id: `c${index}`,
      metadata: tags.length > 0 ? { tags } : {},
      source,
      ...(type === "code" ? { execution_count: null, outputs } : {}),
    })),
    metadata: { kernelspec: { name: kernel, display_name: kernel }, ...metadata },
    nbformat: 4,
    nbformat_minor: 5,
  };
  return `${JSON.stringify(notebook, null, 1)}\n`;
}
