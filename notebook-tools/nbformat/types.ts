/** A notebook as nbformat 4.0 to 4.5 describes it, in the words of its schema. */
export interface Notebook {
  metadata: NotebookMetadata;
  nbformat: number;
  nbformat_minor: number;
  cells: Cell[];
}

/** A notebook whose cells are made when they are asked for, once. */
export interface CellByCell extends Omit<Notebook, "cells"> {
  cells: Iterable<Cell>;
}

/** Text, or the list of its lines with their line ends; both mean the same. */
export type MultilineString = string | string[];

/** Any value that JSON can hold. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** The keys that nbformat names, and whatever else tools keep there. */
export interface NotebookMetadata {
  kernelspec?: { name: string; display_name?: string; language?: string; [key: string]: unknown };
  language_info?: { name: string; file_extension?: string; mimetype?: string; [key: string]: unknown };
  title?: string;
  [key: string]: unknown;
}

/** The keys that nbformat names, and whatever else tools keep there. */
export interface CellMetadata {
  name?: string;
  tags?: string[];
  jupyter?: { source_hidden?: boolean; outputs_hidden?: boolean; [key: string]: unknown };
  [key: string]: unknown;
}

export type Cell = RawCell | MarkdownCell | CodeCell;
export type CellType = Cell["cell_type"];

interface BaseCell {
  /** Since 4.5: 1 to 64 letters, digits, `-` and `_`, unique in the notebook. */
  id?: string;
  metadata: CellMetadata;
  source: MultilineString;
}

export interface RawCell extends BaseCell {
  cell_type: "raw";
  attachments?: Attachments;
}

export interface MarkdownCell extends BaseCell {
  cell_type: "markdown";
  attachments?: Attachments;
}

export interface CodeCell extends BaseCell {
  cell_type: "code";
  outputs: Output[];
  /** The prompt number; null when the cell has not run. */
  execution_count: number | null;
}

/** File name to the file's mimebundle, for `attachment:` links in the cell's source. */
export type Attachments = Record<string, MimeBundle>;

/** Mime type to data: text or lines of text, and any JSON value for `application/json` and `…+json`. */
export type MimeBundle = Record<string, JsonValue>;

export type Output = ExecuteResult | DisplayData | Stream | ErrorOutput;
export type OutputType = Output["output_type"];

export interface ExecuteResult {
  output_type: "execute_result";
  execution_count: number | null;
  data: MimeBundle;
  metadata: Record<string, unknown>;
}

export interface DisplayData {
  output_type: "display_data";
  data: MimeBundle;
  metadata: Record<string, unknown>;
}

export interface Stream {
  output_type: "stream";
  name: string;
  text: MultilineString;
}

export interface ErrorOutput {
  output_type: "error";
  ename: string;
  evalue: string;
  /** Lines of the traceback, with their ANSI colours. */
  traceback: string[];
}
