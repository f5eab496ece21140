import { type Cell, type CodeCell, hasTag, type Notebook, sourceText } from "../nbformat/browser";
import { languageOf } from "./html";
import { rawFormat } from "./raw-cells";
import { type ExportSelection, visibilityOf } from "./visibility";

/** A program, and the extension of its file. */
export interface ScriptExport {
  text: string;
  /** With its dot, as `.ts`. */
  extension: string;
}

/**
 * A notebook as a program: code as it is, prose and raw cells as line comments, each cell after a `%%` mark that
 * editors know (the percent format). TypeScript and JavaScript whose cells await become an async function below the
 * imports of all cells, so that Node.js runs the file by itself, and ts-node too, as long as the types can be erased
 * (no `enum`, no parameter properties, `type` before the imports of types).
 */
export function exportScript(notebook: Notebook, selection: ExportSelection = {}): ScriptExport {
  const language = languageOf(notebook);
  const comment = commentOf(language);
  const context = { comment, selection, mimetype: notebook.metadata.language_info?.mimetype };
  const isWrapped = WRAPPED.has(language) && notebook.cells.some(awaits);
  const cells = notebook.cells
    .map((cell) => cellScript(isWrapped && cell.cell_type === "code" ? withCaught(cell) : cell, context))
    .filter((text) => text !== "");
  return {
    text: isWrapped ? programOf(cells) : `${cells.join("\n\n")}\n`,
    extension: extensionOf(notebook),
  };
}

const WRAPPED = new Set(["javascript", "typescript"]);

function awaits(cell: Cell): boolean {
  return cell.cell_type === "code" && /\bawait\b/.test(sourceText(cell));
}

/** A cell that fails on purpose must not end the program. */
function withCaught(cell: CodeCell): CodeCell {
  if (!hasTag(cell, "raises-exception")) return cell;
  return {
    ...cell,
    source: `try {\n${sourceText(cell).trimEnd()}\n} catch (error) {\n  console.error(error);\n}`,
  };
}

/** Cells as an async function, since not every way to run a file lets it await outside of one. */
function programOf(cells: readonly string[]): string {
  const imports = new Imports();
  const body = cells.map((cell) => {
    const rest = cell.replace(IMPORT, (statement) => (imports.add(statement) ? "" : statement));
    return rest
      .replace(EXPORT, "")
      .replace(/^(\/\/ %%[^\n]*)\n+/, "$1\n")
      .trimEnd();
  });
  // A cell of imports alone leaves nothing.
  const parts = body.filter((cell) => cell !== "// %%");
  return [imports.text(), `async function main() {\n${parts.join("\n\n")}\n}`, "void main();\n"]
    .filter((part) => part !== "")
    .join("\n\n");
}

const IMPORT = /^import\b(?!\s*[(.])(?:[^;'"`(]*?\bfrom\b)?\s*(["'])[^"'\n]+\1[^\n;]*;?[ \t]*\n?/gm;
const EXPORT =
  /^export (?=(?:async |abstract |declare )?(?:class|const|enum|function|interface|let|namespace|type|var)\b)/gm;

/** The imports of all cells, each name once: cells may import again what others have. */
class Imports {
  readonly #names = new Set<string>();
  readonly #statements: string[] = [];

  /** Takes a statement in; false when it is none that is known. */
  add(statement: string): boolean {
    const bare = /^import\s*(["'][^"']+["'])/.exec(statement);
    if (bare) return this.#once(`import ${bare[1]};`, [statement.trim()]) || true;
    const parts = /^import\s+(type\s+)?([\s\S]*?)\s*\bfrom\s*(["'][^"']+["'])([^\n;]*)/.exec(statement);
    if (!parts) return false;
    const [, type = "", clause = "", module, attributes] = parts;
    const [, named] = /\{([\s\S]*)\}/.exec(clause) ?? [];
    const others = clause
      .replace(/\{[\s\S]*\}/, "")
      .split(",")
      .map((part) => part.trim());
    const names = [...others.filter((name) => name !== "" && this.#isNew(name)), ...this.#newOnes(named)];
    if (names.length > 0)
      this.#statements.push(`import ${type}${names.join(", ")} from ${module}${attributes};`);
    return true;
  }

  text(): string {
    return this.#statements.join("\n");
  }

  #newOnes(named: string | undefined): string[] {
    const names = (named ?? "")
      .replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "" && this.#isNew(name));
    return names.length === 0 ? [] : [`{ ${names.join(", ")} }`];
  }

  /** By the name that the program has for it: the last word of `a`, `a as b`, `type a`, `* as a`. */
  #isNew(name: string): boolean {
    return this.#once(undefined, [name.split(/\s+/).at(-1)!]);
  }

  #once(statement: string | undefined, [name]: [string]): boolean {
    if (this.#names.has(name)) return false;
    this.#names.add(name);
    if (statement !== undefined) this.#statements.push(statement);
    return true;
  }
}

/** What begins a comment in a programming language. */
export function commentOf(language: string): string {
  return ["python", "r", "julia", "ruby", "bash", "text"].includes(language) ? "#" : "//";
}

/** For notebooks that no kernel has told its extension yet. */
const extensions = new Map(
  Object.entries({
    bash: ".sh",
    javascript: ".js",
    julia: ".jl",
    python: ".py",
    r: ".r",
    ruby: ".rb",
    typescript: ".ts",
  }),
);

function extensionOf(notebook: Notebook): string {
  const extension: unknown = notebook.metadata.language_info?.file_extension;
  if (typeof extension === "string" && /^\.\w+$/.test(extension)) return extension;
  return extensions.get(languageOf(notebook)) ?? ".txt";
}

interface ScriptContext {
  comment: string;
  mimetype: unknown;
  selection: ExportSelection;
}

function cellScript(cell: Cell, { comment, mimetype, selection }: ScriptContext): string {
  const visibility = visibilityOf(cell, selection);
  if (visibility.cell === "removed" || visibility.source === "removed") return "";
  const source = sourceText(cell).trimEnd();
  const format = cell.cell_type === "raw" ? rawFormat(cell) : undefined;
  if (cell.cell_type === "code" || (format !== undefined && format === mimetype))
    return `${comment} %%\n${source}`;
  // Every line end that JavaScript knows, so that no prose can become code.
  const lines = source.split(/\r\n|[\n\r\u2028\u2029]/).map((line) => `${comment} ${line}`.trimEnd());
  const kind = cell.cell_type === "raw" && format ? `raw ${format}` : cell.cell_type;
  return [`${comment} %% [${kind.replace(/[^\w/.+ -]/g, "")}]`, ...lines].join("\n");
}
