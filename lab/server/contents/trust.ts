import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Notebook, notebookText, type Output } from "notebook-tools";
import { unlessMissing, writeOwnFile } from "./paths";

/** Remembers which outputs were made here, so that a stranger's notebook shows none of its own HTML. */
export interface Trust {
  /**
   * The notebook with `metadata.trusted` in each code cell, as Jupyter servers send it: true when the
   * cell has no outputs or those that were recorded here. JupyterLab shows only safe MIME types of the
   * others (no HTML with scripts, no JavaScript, no SVG; Vega-Lite charts are data and do show).
   */
  mark(notebook: Notebook): Promise<Notebook>;
  /** Records the outputs of the cells that JupyterLab calls trusted; the notebook comes back unmarked. */
  record(notebook: Notebook): Promise<Notebook>;
}

/** Older ones are forgotten; their cells are untrusted until run again. */
const mostDigests = 5000;

function digestOf(outputs: Output[]): string {
  const cell = { cell_type: "code" as const, source: "", metadata: {}, execution_count: null, outputs };
  const text = notebookText({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell] });
  return createHash("sha256").update(text).digest("hex");
}

function eachCodeCell(notebook: Notebook, trustedOf: (outputs: Output[]) => boolean | undefined): Notebook {
  const cells = notebook.cells.map((cell) => {
    if (cell.cell_type !== "code") return cell;
    const { trusted: _, ...metadata } = cell.metadata;
    const trusted = trustedOf(cell.outputs);
    return { ...cell, metadata: trusted === undefined ? metadata : { ...metadata, trusted } };
  });
  return { ...notebook, cells };
}

/** The trust kept in `file`, a JSON list of digests of outputs. */
export function createTrust(file: string): Trust {
  let last: Promise<unknown> = Promise.resolve();

  async function read(): Promise<Set<string>> {
    const text = await unlessMissing(() => readFile(file, "utf8"));
    if (text === null) return new Set();
    try {
      return new Set(JSON.parse(text));
    } catch {
      // A broken store trusts nothing; the next save writes a sound one.
      return new Set();
    }
  }

  async function add(digests: readonly string[]): Promise<void> {
    const known = await read();
    if (digests.every((digest) => known.has(digest))) return;
    for (const digest of digests) known.add(digest);
    await writeOwnFile(file, JSON.stringify([...known].slice(-mostDigests)));
  }

  return {
    async mark(notebook) {
      const known = await read();
      return eachCodeCell(notebook, (outputs) => outputs.length === 0 || known.has(digestOf(outputs)));
    },
    async record(notebook) {
      const trusted = notebook.cells.flatMap((cell) =>
        cell.cell_type === "code" && cell.metadata.trusted === true && cell.outputs.length > 0
          ? [digestOf(cell.outputs)]
          : [],
      );
      // Two notebooks may be saved at once; the second must add to what the first has written.
      last = last.then(
        () => add(trusted),
        () => add(trusted),
      );
      await last;
      return eachCodeCell(notebook, () => undefined);
    },
  };
}
