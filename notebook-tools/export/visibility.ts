import { type Cell, hasTag } from "../nbformat/browser";

/** What a whole export leaves out. */
export interface ExportSelection {
  /** Leaves out the code of all cells; their outputs stay. */
  noInput?: boolean;
  /** Leaves out the cells tagged `solution`. */
  noSolutions?: boolean;
}

/** Folded parts can be opened in HTML and Markdown; a script, which has nothing to open, has them as they are. */
export type Visibility = "shown" | "folded" | "removed";

/** How the parts of a cell are to be seen. The same in every format. */
export interface CellVisibility {
  cell: Visibility;
  source: Visibility;
  outputs: Visibility;
}

/**
 * How a cell is to be seen, by its tags (`remove-cell`, `remove-input`, `remove-output`, `hide-cell`, `hide-input`,
 * `hide-output`, `solution`), by the metadata that JupyterLab keeps of folded parts, and by what is left out of all.
 */
export function visibilityOf(cell: Cell, { noInput, noSolutions }: ExportSelection = {}): CellVisibility {
  const isSolution = hasTag(cell, "solution");
  const { jupyter, collapsed } = cell.metadata;
  const isCode = cell.cell_type === "code";
  return {
    cell: visibility(
      isTagged(cell, "remove-cell") || (noSolutions === true && isSolution),
      isTagged(cell, "hide-cell") || isSolution,
    ),
    source: visibility(
      isTagged(cell, "remove-input") || (noInput === true && isCode),
      isTagged(cell, "hide-input") || (isCode && jupyter?.source_hidden === true),
    ),
    outputs: visibility(
      isTagged(cell, "remove-output"),
      isTagged(cell, "hide-output") || jupyter?.outputs_hidden === true || collapsed === true,
    ),
  };
}

function visibility(isRemoved: boolean, isFolded: boolean): Visibility {
  if (isRemoved) return "removed";
  return isFolded ? "folded" : "shown";
}

/** With hyphens, or as older books write it: `remove_cell`. */
function isTagged(cell: Cell, tag: string): boolean {
  return hasTag(cell, tag) || hasTag(cell, tag.replace("-", "_"));
}
