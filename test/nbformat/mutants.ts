/** A notebook with every kind of cell and output, and what becomes of it when one member is made another. */

type Json = { [key: string]: unknown };

const text = { "text/plain": ["1\n", "2"], "application/json": { a: 1 }, "image/png": "AAAA" };
const codeMetadata = {
  collapsed: false,
  scrolled: "auto",
  name: "n",
  tags: ["a", "b"],
  jupyter: { source_hidden: true, outputs_hidden: false },
  execution: { "iopub.status.busy": "2026-01-01T00:00:00Z" },
};

/** A sound notebook of nbformat 4.`minor`. */
export function whole(minor: number): Json {
  const id = (name: string) => (minor >= 5 ? { id: name } : {});
  const attachments = { "a.png": { "image/png": "AAAA" } };
  return structuredClone({
    cells: [
      {
        ...id("m"),
        cell_type: "markdown",
        metadata: { name: "m", tags: ["x"], jupyter: { source_hidden: true } },
        source: "# T",
        ...(minor >= 1 ? { attachments } : {}),
      },
      {
        ...id("r"),
        cell_type: "raw",
        metadata: { format: "text/x", name: "r", tags: [] },
        source: ["a\n", "b"],
      },
      {
        ...id("c"),
        cell_type: "code",
        execution_count: 1,
        metadata: codeMetadata,
        outputs: [
          { output_type: "stream", name: "stdout", text: ["x\n"] },
          { output_type: "display_data", data: text, metadata: { "image/png": { width: 1 } } },
          {
            output_type: "execute_result",
            data: { "text/html": "<b>1</b>" },
            metadata: {},
            execution_count: 1,
          },
          { output_type: "error", ename: "E", evalue: "v", traceback: ["t"] },
        ],
        source: "1",
      },
    ],
    metadata: {
      authors: [{ name: "a" }],
      title: "t",
      orig_nbformat: 3,
      kernelspec: { name: "k", display_name: "K", language: "l" },
      language_info: {
        name: "l",
        version: "1",
        codemirror_mode: { name: "l" },
        file_extension: ".l",
        mimetype: "text/l",
        pygments_lexer: "l",
      },
    },
    nbformat: 4,
    nbformat_minor: minor,
  });
}

const values: unknown[] = [null, 12, -1, 1.5, "s", "", [], [1], ["a", "a"], ["a,b"], {}, true];

export interface Mutant {
  /** What was done, and where. */
  what: string;
  notebook: Json;
}

/** Each object and list below a value, with the way to it. */
function* containers(value: unknown, path: string): Generator<[string, Json | unknown[]]> {
  if (typeof value !== "object" || value === null) return;
  yield [path, value as Json];
  for (const [key, item] of Object.entries(value)) yield* containers(item, `${path}/${key}`);
}

/** Every member made each of the values, left out, and an unknown member in every object. */
export function mutants(minor: number): Mutant[] {
  const found: Mutant[] = [];
  const add = (path: string, what: string, change: (target: Json) => void) => {
    const notebook = whole(minor);
    change([...containers(notebook, "")].find(([at]) => at === path)![1] as Json);
    found.push({ what: `4.${minor} ${path} ${what}`, notebook });
  };
  for (const [path, container] of containers(whole(minor), "")) {
    for (const key of Object.keys(container)) {
      for (const value of values)
        add(path, `${key} = ${JSON.stringify(value)}`, (target) => {
          target[key] = value;
        });
      if (!Array.isArray(container)) add(path, `without ${key}`, (target) => delete target[key]);
    }
    if (!Array.isArray(container))
      add(path, "with an unknown member", (target) => {
        target.unknown_member = 1;
      });
  }
  return found;
}
