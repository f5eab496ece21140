/** Large notebooks, of which only one cell at a time is held as values. */
import { cellProblems } from "./check";
import { checkNotebook, filledInCell } from "./parse";
import { isObject } from "./rules";
import { scanMembers, scanValues } from "./scan";
import type { Cell, CellByCell } from "./types";

/**
 * Reads the text of a sound notebook of nbformat 4 as `parseNotebook` does, each cell when it is asked for.
 * @throws an error of any kind for other text, also while the cells are asked for; `parseNotebook` says what is wrong
 */
export function parseCells(text: string): CellByCell {
  const { rest, member } = parseWithout("cells", text);
  if (member === undefined) throw new SyntaxError("There are no cells.");
  return { ...checkNotebook({ ...rest, cells: [] }), cells: cellsOf(member) };
}

function* cellsOf(list: string): Generator<Cell> {
  for (const { start, end } of scanValues(list)) {
    const cell: unknown = JSON.parse(list.slice(start, end));
    if (cellProblems(cell).some(({ fatal }) => fatal)) throw new TypeError("The cell is none.");
    yield filledInCell(cell as Cell);
  }
}

/**
 * A JSON object without one of its members, which is left as text: for one that is too large to be parsed along.
 * The member is undefined where there is none.
 * @throws SyntaxError or TypeError for text that is no JSON object; the member may still be none
 */
export function parseWithout(
  name: string,
  text: string,
): { rest: Record<string, unknown>; member: string | undefined } {
  const value = scanMembers(text).get(name)?.value;
  const rest: unknown = JSON.parse(
    value ? `${text.slice(0, value.start)}null${text.slice(value.end)}` : text,
  );
  if (!isObject(rest)) throw new TypeError("Text that is no JSON object.");
  delete rest[name];
  return { rest, member: value && text.slice(value.start, value.end) };
}
