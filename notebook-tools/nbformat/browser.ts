/** The part of this room that needs no file system, so that it also runs in a browser. */
export { parseCells, parseWithout } from "./cell-by-cell";
export { hasTag, headingAbove, headings, tags } from "./cells";
export type { Problem } from "./check";
export { type CellOutputs, NotebookDocument } from "./document";
export { NotebookError } from "./errors";
export { notebookText, writeNotebookText } from "./notebook-text";
export { checkNotebook, parseNotebook } from "./parse";
export { applyCarriageReturns, joinStreams } from "./streams";
export { mimeText, multilineText, sourceText } from "./text";
export type * from "./types";
