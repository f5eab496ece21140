/** What a check found, in words; and which cells of a file belong to those of an open notebook. Pure. */
import type { CellResult } from "notebook-tools/run";

/** `gettext` with `%1`, as JupyterLab's translation bundles have it. */
type Translate = (text: string, ...values: string[]) => string;

/** A cell as far as it tells which one it is. */
interface Known {
  id?: unknown;
  cell_type?: unknown;
  source?: unknown;
}

const sourceOf = ({ source }: Known): string => (Array.isArray(source) ? source.join("") : String(source));

/**
 * For each cell of an open notebook the cell of the file that it was: the one of its id, else (files before nbformat
 * 4.5 have none) the next one of the same kind and source; undefined for a new one.
 */
export function storedFor<T extends Known>(cells: readonly Known[], stored: readonly T[]): (T | undefined)[] {
  const left = new Set(stored);
  const take = (found: T | undefined) => {
    if (found) left.delete(found);
    return found;
  };
  const byId = new Map(stored.map((cell) => [cell.id, cell]));
  const withId = cells.map(({ id }) => (id === undefined ? undefined : take(byId.get(id))));
  const isSame = (cell: Known) => (other: Known) =>
    other.id === undefined && other.cell_type === cell.cell_type && sourceOf(other) === sourceOf(cell);
  return cells.map((cell, index) => withId[index] ?? take([...left].find(isSame(cell))));
}

/** What is said of one cell. */
export interface Finding {
  status: CellResult["status"];
  /** In a line. */
  title: string;
  /** The lines that differ, or why the cell failed; "" where there is nothing more to say. */
  detail: string;
}

function titleOf({ status, rerun, failures }: CellResult, translate: Translate): string {
  switch (status) {
    case "passed":
      return translate("As stored");
    case "differs":
      return failures[0]?.diff === undefined
        ? translate("The notebook stores no output here")
        : translate("Differs from the stored output");
    case "failed":
      return rerun ? translate("Failed when it ran again") : translate("Failed");
    case "skipped":
      return translate("Skipped, as it is tagged");
    case "not-run":
      return failures[0]?.message ?? translate("Not run");
  }
}

function detailOf({ status, failures }: CellResult): string {
  if (status === "differs") return failures[0]?.diff?.trimEnd() ?? "";
  if (status !== "failed") return "";
  return failures.map(({ message, trace }) => [message, trace].filter(Boolean).join("\n")).join("\n\n");
}

const isFine = ({ status }: CellResult) => status === "passed" || status === "skipped";

/** What is said of a cell by the results of its runs: of the first that is not as it should be. */
export function findingOf(runs: readonly CellResult[], translate: Translate): Finding {
  const told = runs.find((run) => !isFine(run)) ?? runs[0]!;
  return { status: told.status, title: titleOf(told, translate), detail: detailOf(told) };
}

/** The results of a notebook, by the cells' places. */
export function byCell(results: readonly CellResult[]): Map<number, CellResult[]> {
  const cells = new Map<number, CellResult[]>();
  for (const result of results) cells.set(result.index, [...(cells.get(result.index) ?? []), result]);
  return cells;
}

/** All that was found in one line, and whether it is good. */
export function summaryOf(
  results: readonly CellResult[],
  hasStored: boolean,
  translate: Translate,
): { text: string; isGood: boolean } {
  const cells = [...byCell(results).values()]
    .map((runs) => runs.find((run) => !isFine(run)) ?? runs[0]!)
    .filter(({ status, source }) => status !== "skipped" && source.trim() !== "");
  const count = (status: CellResult["status"]) => cells.filter((cell) => cell.status === status).length;
  const [failed, differing, notRun] = [count("failed"), count("differs"), count("not-run")];
  const of = String(cells.length);
  if (cells.length === 0) return { text: translate("No cell has code to run."), isGood: true };
  if (differing > 0 && !hasStored && failed + notRun === 0)
    return {
      text: translate("Nothing is stored to compare with. Save the notebook to store these outputs."),
      isGood: false,
    };
  const told = [
    ...(differing > 0
      ? [translate("%1 of %2 cells differ from what is stored.", String(differing), of)]
      : []),
    ...(failed > 0 ? [translate("%1 of %2 cells failed.", String(failed), of)] : []),
    ...(notRun > 0 ? [translate("%1 of %2 cells were not run.", String(notRun), of)] : []),
  ];
  if (told.length > 0) return { text: told.join(" "), isGood: false };
  return { text: translate("All %1 cells ran and are as stored.", of), isGood: true };
}

/** The folders by which paths in stacks are made relative, where the page knows them as absolute paths. */
export function foldersOf(serverRoot: string, notebook: string): { root: string; cwd: string } | undefined {
  if (!/^(?:\/|[A-Za-z]:[\\/])./.test(serverRoot)) return undefined;
  const root = serverRoot.replace(/[\\/]+$/, "");
  const folders = notebook.split("/").slice(0, -1);
  return { root, cwd: [root, ...folders].join(root.includes("\\") ? "\\" : "/") };
}
