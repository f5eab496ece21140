import { type Cell, multilineText, type Output } from "notebook-tools/nbformat";

const isLines = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((line) => typeof line === "string");

function joinedOutput(output: Output): Output {
  if (output.output_type === "stream") return { ...output, text: multilineText(output.text) };
  if (output.output_type === "error") return output;
  const data = Object.entries(output.data).map(([mime, value]) => [
    mime,
    isLines(value) && !/json$/.test(mime) ? value.join("") : value,
  ]);
  return { ...output, data: Object.fromEntries(data) };
}

/** JupyterLab expects every text of a cell as one string. */
export function joinedCell(cell: Cell): Cell {
  const source = multilineText(cell.source);
  return cell.cell_type === "code"
    ? { ...cell, source, outputs: cell.outputs.map(joinedOutput) }
    : { ...cell, source };
}
