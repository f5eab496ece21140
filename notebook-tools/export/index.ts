/** Turns notebooks into web pages, Markdown and scripts; no Python, no network. */
export type { FindImage, FindLink } from "./addresses";
export * from "./browser";
export { registerExport } from "./command";
export {
  type ExportNotebooksOptions,
  type ExportReport,
  exportNotebooks,
} from "./export-notebooks";
export { imagesBelow } from "./local-files";
export { type ExportSiteOptions, exportSite } from "./site/export-site";
