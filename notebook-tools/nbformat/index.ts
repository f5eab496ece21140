/** Reads, checks and edits notebook files (nbformat 4.0 to 4.5), leaving no noise behind. */
export * from "./browser";
export { checkWritable, fileStamp, makeFolder, readNotebook, writeAtomically } from "./files";
export { copiesMark, findNotebooks, type NotebookPath, notebooksBelow } from "./find";
