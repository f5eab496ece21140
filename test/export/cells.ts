/** Short ways to write notebooks for the tests of the exporter. */
import type { Cell, MimeBundle, Notebook, Output } from "../../notebook-tools/nbformat";

export function markdown(source: string, metadata: object = {}): Cell {
  return { cell_type: "markdown", metadata: { ...metadata }, source };
}

export function raw(source: string, metadata: object = {}): Cell {
  return { cell_type: "raw", metadata: { ...metadata }, source };
}

export function code(source: string, outputs: Output[] = [], metadata: object = {}): Cell {
  return { cell_type: "code", execution_count: 1, metadata: { ...metadata }, source, outputs };
}

export function displayed(data: MimeBundle): Output {
  return { output_type: "display_data", metadata: {}, data };
}

export function printed(text: string): Output {
  return { output_type: "stream", name: "stdout", text };
}

export function notebook(cells: Cell[], metadata: Notebook["metadata"] = {}): Notebook {
  const language_info = { name: "python", mimetype: "text/x-python", file_extension: ".py" };
  return { cells, metadata: { language_info, ...metadata }, nbformat: 4, nbformat_minor: 4 };
}
