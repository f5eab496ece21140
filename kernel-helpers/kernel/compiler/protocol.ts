/** What the kernel and its compiler, a process of its own, say to each other. */

import type { Converter, ConvertResult } from "tslab/dist/converter";
import type { CodeMetadata } from "tslab/dist/metadata";
import type { MapText } from "../session/cell-scripts";

export type Diagnostics = ReturnType<Converter["addModule"]>;

/** A cell, or a module of one, that was compiled: what stack traces need to know of it. */
export interface CompiledScript {
  /** As in stack traces: `cell-3.js`, or a path. */
  name: string;
  /** `cell 3`, or the path of a `.ts` file relative to the notebook. */
  label: string;
  source: string;
  /** The maps from the script back to the source, the last step first. */
  maps: MapText[] | undefined;
  /** Lines that stand before the source, and before the script. */
  added: { source: number; script: number };
}

/** A compiled cell. */
export interface Compilation {
  metadata: CodeMetadata;
  diagnostics: Diagnostics;
  /** What tslab's executor runs; none where the cell is a module. */
  converted?: ConvertResult;
  scripts: CompiledScript[];
  /** The compiler's version. */
  typescript: string;
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
  declarations: string;
}

export type ToCompiler = { id: number } & (CompileRequest | AnswerRequest);

export type FromCompiler =
  | { ready: true }
  | { id: number; value: object }
  | { id: number; error: { name: string; message: string; stack?: string } };
