/** The part of this room that needs no file system, so that it also runs in a browser. */
export { exportHtml } from "./html";
export type { ExportOptions } from "./options";
export { exportMarkdown, type MarkdownExport } from "./to-markdown";
export { exportScript, type ScriptExport } from "./to-script";
export type { ExportSelection } from "./visibility";
