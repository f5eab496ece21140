/** What the kernel and its compiler, a process of its own, say to each other. */

import type { ConvertResult } from "tslab/dist/converter";
import type { CodeMetadata } from "tslab/dist/metadata";

/** A source map as the compiler writes it. */
export type MapText = string;

/** What is wrong with a cell or a file that it imports. */
export interface Fault {
  code: number;
  message: string;
  /** The reasons behind it, each indented by how deep it lies. */
  reasons: string[];
  /** A file that the cell imports, as the reader knows it; without it, the cell. */
  fileName?: string;
  /** The text of that file. */
  source?: string;
  /** From 1. */
  line: number;
  column: number;
  /** What may help. */
  hint?: string;
}

/** A cell, or a file that it imports, that was compiled: what stack traces need to know of it. */
export interface CompiledScript {
  /** As in stack traces: `cell-3.js`, or a path. */
  name: string;
  /** `cell 3`, or the path of a file relative to the notebook. */
  label: string;
  source: string;
  /** What it compiled to, without the lines that are added. */
  script: string;
  /** The maps from the script back to the source, the last step first. */
  maps: MapText[] | undefined;
  /** Lines that stand before the source, and before the script. */
  added: { source: number; script: number };
}

/** Names that a script imports files of the reader's by, to the paths of these files. */
export type Imports = Record<string, string>;

/** A file of the reader's own, compiled to CommonJS. */
export interface ImportedFile {
  path: string;
  /** As people call it: relative to the notebook. */
  label: string;
  source: string;
  script: string;
  maps: MapText[] | undefined;
  imports: Imports;
  /** What it imports of packages and of Node. */
  packages: string[];
  /** Whether it awaits at its top. */
  waits: boolean;
}

/** A compiled cell. */
export interface Compilation {
  metadata: CodeMetadata;
  faults: Fault[];
  /** What tslab's executor runs; none where the cell is a module or has faults. */
  converted?: ConvertResult;
  script?: CompiledScript;
  imports: Imports;
  packages: string[];
  /** What the cell imports and has changed since an earlier one. */
  files: ImportedFile[];
  /** What the reader shall know though the cell compiles. */
  notices: string[];
  /** Declarations that the compiler has put into its archive. */
  archived: string[];
}

/** To compile a cell. */
export interface CompileRequest {
  kind: "compile";
  /** `cell 3` */
  label: string;
  /** What the cells before have declared, as `converted.declOutput` of the last one says. */
  declarations: string;
  source: string;
}

/** To answer a Jupyter request about code: completion, inspection, completeness. */
export interface AnswerRequest {
  kind: "answer";
  msg_type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each request type has its own content
  content: any;
  /** As for a cell; without them, those that there will be once the cell that was compiled last has run. */
  declarations?: string;
}

/** For a compiler that begins anew: what the one before had put into its archive. */
interface RestoreRequest {
  kind: "restore";
  archived: string[];
}

export type ToCompiler = { id: number } & (CompileRequest | AnswerRequest | RestoreRequest);

export type FromCompiler =
  | { ready: true }
  | { id: number; value: object }
  | { id: number; error: { name: string; message: string; stack?: string } };
