/** Turns notebooks into web pages, Markdown and scripts; no Python, no network. */
export * from "./browser";
export {
  type ExportNotebooksOptions,
  type ExportReport,
  exportNotebooks,
  FORMATS,
  type Format,
  registerExport,
} from "./command";
