import type { Command } from "commander";
import {
  type Cell,
  type CodeCell,
  headingAbove,
  type NotebookDocument,
  readNotebook,
  sourceText,
} from "../nbformat";
import { type CompareOptions, compareOutputs, diff } from "../run/compare";
import { printable } from "../run/failure-text";
import { addCompareFlags } from "../run/flags";
import { exitCodes, plural } from "../run/summary";
import { print, report } from "./notebooks";

/** A cell of either notebook, or the same one of both; with its place among all cells, from 0. */
type Pair = [before: number | undefined, after: number | undefined];

const isCode = (cell: Cell): cell is CodeCell => cell.cell_type === "code";

/** Whether each cell can be known by its id, which only nbformat 4.5 has, and two of careless programs may share. */
const hasOwnIds = ({ cells }: NotebookDocument): boolean =>
  cells.every(({ id }) => id !== undefined) && new Set(cells.map(({ id }) => id)).size === cells.length;

/** What a code cell is known by: its id, else its place among the code cells. */
function keys({ cells }: NotebookDocument, byId: boolean): Map<string, number> {
  const code = cells.flatMap((cell, index) => (isCode(cell) ? [[cell, index] as const] : []));
  return new Map(code.map(([cell, index], place) => [byId ? cell.id! : String(place), index]));
}

/** The code cells of two notebooks beside each other, in the order of the second; what it lacks comes last. */
function pairs(before: NotebookDocument, after: NotebookDocument): Pair[] {
  const byId = hasOwnIds(before) && hasOwnIds(after);
  const [old, now] = [keys(before, byId), keys(after, byId)];
  return [
    ...[...now].map(([key, index]): Pair => [old.get(key), index]),
    ...[...old].flatMap(([key, index]): Pair[] => (now.has(key) ? [] : [[index, undefined]])),
  ];
}

function title({ file, cells }: NotebookDocument, index: number): string {
  const heading = headingAbove(cells, index);
  return `${file}, cell ${index + 1}${heading ? ` (${heading})` : ""}`;
}

/** What differs between the two, as texts. */
function differences(before: NotebookDocument, after: NotebookDocument, how: CompareOptions): string[] {
  return pairs(before, after).flatMap(([a, b]) => {
    if (a === undefined) return [`${title(after, b!)}: only here`];
    if (b === undefined) return [`${title(before, a)}: only here`];
    const [old, now] = [before.cells[a] as CodeCell, after.cells[b] as CodeCell];
    const [oldSource, nowSource] = [sourceText(old), sourceText(now)];
    const source = oldSource === nowSource ? [] : ["source:", diff(oldSource, nowSource)];
    const outputs = compareOutputs(old.outputs, now.outputs, { ...how, measured: false });
    const parts = [...source, ...(outputs === null ? [] : ["outputs:", outputs])];
    return parts.length === 0 ? [] : [[title(after, b), ...parts].join("\n")];
  });
}

async function compare(before: string, after: string, how: CompareOptions): Promise<void> {
  const found = differences(await readNotebook(before), await readNotebook(after), how);
  for (const text of found) print(`${printable(text)}\n`);
  print(
    found.length === 0
      ? "No differences."
      : `${plural(found.length, "cell")} of ${after} ${found.length === 1 ? "differs" : "differ"} from ${before}.`,
  );
  if (found.length > 0) process.exitCode = exitCodes.failed;
}

export function addDiffCommand(program: Command): void {
  const command = program
    .command("diff")
    .summary("show what differs between two notebooks")
    .description(
      "Shows how sources and outputs of code cells differ (-: the first, +: the second), as `nb run --check` compares them: streams joined, images by kind. Exits with 1 where they do.",
    )
    .argument("<before>", "a notebook")
    .argument("<after>", "another notebook");
  addCompareFlags(command).action((before: string, after: string, how: CompareOptions) =>
    compare(before, after, how).catch(report),
  );
}
