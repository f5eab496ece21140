/** Reads, checks and edits notebook files (nbformat 4.0 to 4.5), leaving no noise behind. */
export * from "./browser";
export { refuseOldFormat } from "./document";
export { commonFolder, findNotebooks, type NotebookPath, notebooksBelow, outputFolderMarker } from "./find";
export { decodeNotebook, readNotebook, readNotebookText } from "./read";
export { validateNotebook } from "./validate";
export {
  checkReplaceable,
  checkReportWritable,
  checkWritable,
  type FileContent,
  fileStamp,
  type WriteOptions,
  writeAtomically,
  writeFault,
  writeReport,
} from "./write";
