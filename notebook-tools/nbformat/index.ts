/** Reads, checks and edits notebook files (nbformat 4.0 to 4.5), leaving no noise behind. */
export * from "./browser";
export {
  checkWritable,
  checkWritableInPlace,
  fileStamp,
  makeFolder,
  readNotebook,
  writeAtomically,
  writeFault,
} from "./files";
export { copiesMark, findNotebooks, type NotebookPath, notebooksBelow } from "./find";
