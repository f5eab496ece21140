/** Reads, checks and edits notebook files (nbformat 4.0 to 4.5), leaving no noise behind. */
export * from "./browser";
export { fileStamp, findNotebooks, type NotebookPath, readNotebook, writeAtomically } from "./files";
