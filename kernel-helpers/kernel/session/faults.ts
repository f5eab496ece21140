/** What the compiler found wrong -> what Jupyter shows of it. */

import type { Fault } from "../compiler/protocol";
import { bold, codeFrame, type Failure } from "./traceback";

/** Codes below this one are syntax errors. Source: TypeScript's diagnosticMessages.json. */
const firstSemantic = 2000;

function place({ fileName, line, column }: Fault, label: string): string {
  return `${fileName ?? label}, line ${line}, column ${column}`;
}

function section(fault: Fault, { source, label }: { source: string; label: string }): string[] {
  const { code, message, line, column, reasons, hint } = fault;
  return [
    `${bold(`TS${code}`)} at ${place(fault, label)}: ${message}`,
    ...codeFrame(fault.source ?? source, line, column),
    ...reasons,
    ...(hint ? [hint] : []),
  ];
}

/** Describes the faults of one cell; there must be at least one. */
export function describeFaults(faults: Fault[], compiled: { source: string; label: string }): Failure {
  const [first] = faults as [Fault, ...Fault[]];
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : "";
  return {
    ename: first.code < firstSemantic ? "SyntaxError" : "TypeScriptError",
    evalue: `TS${first.code} at ${place(first, compiled.label)}: ${first.message}${more}`,
    traceback: faults.flatMap((fault) => section(fault, compiled)),
  };
}
