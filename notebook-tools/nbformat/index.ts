/** Reads, checks and edits notebook files (nbformat 4.0 to 4.5), leaving no noise behind. */
export * from "./browser";
export { findNotebooks, type NotebookPath, notebooksBelow, outputFolderMarker } from "./find";
export {
  checkReplaceable,
  checkReportWritable,
  checkWritable,
  fileStamp,
  readNotebook,
  writeAtomically,
  writeFault,
  writeReport,
} from "./write";
