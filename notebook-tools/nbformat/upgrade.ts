/** Notebooks of nbformat 2 and 3 as nbformat 4 has them, as nbformat's own `convert` does it. Pure. */
import { isObject, type Json } from "./rules";
import { multilineText } from "./text";
import type { MultilineString } from "./types";

/** The short names of mime types before version 4. */
const mimes: Record<string, string> = {
  text: "text/plain",
  html: "text/html",
  svg: "image/svg+xml",
  png: "image/png",
  jpeg: "image/jpeg",
  latex: "text/latex",
  json: "application/json",
  javascript: "application/javascript",
};

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const isText = (value: unknown): value is MultilineString =>
  typeof value === "string" || (Array.isArray(value) && value.every((line) => typeof line === "string"));

/** Whether a parsed file is a notebook that `upgraded` takes. */
export function isOldNotebook(parsed: unknown): parsed is Json {
  return (
    isObject(parsed) && (parsed.nbformat === 3 || parsed.nbformat === 2) && Array.isArray(parsed.worksheets)
  );
}

/** The notebook as nbformat 4.4, whose cells need no ids; its worksheets one after the other. */
export function upgraded({ worksheets, metadata, nbformat }: Json): Json {
  const { name, signature: _, ...kept } = isObject(metadata) ? metadata : {};
  const cells = list(worksheets).flatMap((sheet) => (isObject(sheet) ? list(sheet.cells) : []));
  return {
    cells: cells.map((cell) => (isObject(cell) ? upgradedCell(cell) : cell)),
    metadata: {
      ...kept,
      ...(typeof name === "string" && name !== "" ? { title: name } : {}),
      orig_nbformat: nbformat,
    },
    nbformat: 4,
    nbformat_minor: 4,
  };
}

function upgradedCell(cell: Json): Json {
  const metadata = isObject(cell.metadata) ? cell.metadata : {};
  switch (cell.cell_type) {
    case "code":
      return {
        cell_type: "code",
        execution_count: cell.prompt_number ?? null,
        metadata: "collapsed" in cell ? { ...metadata, collapsed: cell.collapsed } : metadata,
        outputs: list(cell.outputs).map((output) => (isObject(output) ? upgradedOutput(output) : output)),
        source: cell.input ?? "",
      };
    case "heading": {
      const text = isText(cell.source) ? multilineText(cell.source).split(/\r?\n/).join(" ") : "";
      const level = Number.isInteger(cell.level) ? Number(cell.level) : 1;
      return { cell_type: "markdown", metadata, source: `${"#".repeat(level)} ${text}` };
    }
    case "html":
      return { cell_type: "markdown", metadata, source: cell.source ?? "" };
    default:
      return { cell_type: cell.cell_type, metadata, source: cell.source ?? "" };
  }
}

function upgradedOutput({ output_type, metadata, prompt_number, ...rest }: Json): Json {
  if (output_type === "pyerr") return { output_type: "error", ename: "", evalue: "", traceback: [], ...rest };
  if (output_type === "stream") {
    const { stream = "stdout", ...others } = rest;
    return { output_type, ...others, name: stream };
  }
  if (output_type !== "pyout" && output_type !== "display_data") return { output_type, ...rest };
  const shown = { data: withMimes(rest), metadata: withMimes(isObject(metadata) ? metadata : {}) };
  return output_type === "pyout"
    ? { output_type: "execute_result", execution_count: prompt_number ?? null, ...shown }
    : { output_type, ...shown };
}

function withMimes(data: Json): Json {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => {
      const mime = Object.hasOwn(mimes, name) ? mimes[name]! : name;
      return [mime, mime === "application/json" && isText(value) ? parsedJson(multilineText(value)) : value];
    }),
  );
}

/** JSON was kept as its text. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
