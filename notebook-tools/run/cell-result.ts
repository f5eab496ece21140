/**
 * Whether cells and notebooks passed. Everything that can make a cell fail is judged here, from what is known of its
 * run: the reply, a time-out or a death, errors that nobody handled, outputs other than the stored ones. Pure.
 */
import { stripVTControlCharacters } from "node:util";
import type { ExecuteOutcome } from "../kernel-client";
import { multilineText, type Output } from "../nbformat";
import { relativeOutputs, relativeText } from "./paths";
import type { PlannedCell } from "./plan";
import { lineOfError } from "./source-location";
import type { CellResult, CellStatus, Failure, NotebookStatus } from "./types";

/** How a cell's turn ended. `stopped`: by a time-out, an interrupt or the kernel's death, which the failure names. */
export type Ending =
  | { type: "skipped" }
  | { type: "empty" }
  | { type: "not-run"; reason: string }
  | { type: "replied"; outcome: ExecuteOutcome }
  | { type: "stopped"; failure: Failure };

/** An error that no cell awaits, as the kernel told it: in a line, and in full. */
export interface UnhandledError {
  text: string;
  trace: string;
  /** Whether it came when the cell had been answered already. */
  afterEnd: boolean;
}

/** What is known of one run of a cell. */
export interface CellFacts {
  cell: PlannedCell;
  rerun: boolean;
  ending: Ending;
  outputs: readonly Output[];
  durationMs: number;
  unhandled: readonly UnhandledError[];
  /** What else speaks against it: values that could not be set after it, a kernel that died once it had ended. */
  others: readonly Failure[];
  /** How its outputs differ from the stored ones; undefined where they do not, or were not compared. */
  difference: Failure | undefined;
}

/** What the facts are told relative to. */
export interface Place {
  /** The notebook's folder. */
  cwd: string;
  /** The line of the file where a line of a cell's source stands. */
  lineOf(cellIndex: number, sourceLine?: number): number;
}

/** Statuses by which kernels say that they did not run the code; tslab says `abort`. */
const abortedStatuses = new Set(["aborted", "abort"]);

export const wasAborted = (outcome: ExecuteOutcome): boolean => abortedStatuses.has(outcome.status ?? "");

export const withoutAnsi = stripVTControlCharacters;

function streamText(outputs: readonly Output[], name: string): string {
  return outputs
    .map((output) =>
      output.output_type === "stream" && output.name === name ? multilineText(output.text) : "",
    )
    .join("");
}

/** The first line of a stack that names the error: "RangeError: expected". */
function errorName(text: string): string | undefined {
  const lines = withoutAnsi(text).split("\n");
  const named = lines.find((line) => /^(?:Uncaught )?[\w$.]*(?:Error|Exception|Interrupt)\b.*/.test(line));
  return named ?? lines.find((line) => line.trim() !== "");
}

/** The error of a failed cell: from the reply, an `error` output, or a stack on stderr. */
function errorFailure(outcome: ExecuteOutcome, outputs: readonly Output[], source: string): Failure {
  const shown = outputs.findLast((output) => output.output_type === "error");
  const { ename, evalue, traceback } = { ...shown, ...outcome.reply } as Record<string, unknown>;
  const lines =
    Array.isArray(traceback) && traceback.length > 0 ? traceback.join("\n") : streamText(outputs, "stderr");
  const trace = withoutAnsi(lines).trimEnd();
  const message = ename
    ? withoutAnsi(`${ename}: ${evalue ?? ""}`)
    : (errorName(trace) ?? "the kernel gave no reason.");
  return {
    kind: "error",
    message,
    trace,
    line: lineOfError(source, trace, message, outcome.reply.execution_count ?? null),
  };
}

/** A module cell of tslab that does not type-check is answered with `ok`; only its diagnostics tell. */
function diagnostics(cell: PlannedCell, outputs: readonly Output[]): Failure[] {
  if (!/@module\b/.test(cell.source)) return [];
  const text = streamText(outputs, "stderr");
  const found = /^(?:\S+ )?(\d+):\d+ - .*$/m.exec(text);
  return found
    ? [{ kind: "diagnostics", message: found[0], trace: text.trimEnd(), line: Number(found[1]) }]
    : [];
}

/** An execution count as nbformat wants it. */
const count = (value: unknown): number | null => (Number.isInteger(value) ? (value as number) : null);

const asks =
  "The cell asked for input, which nobody can give in a run. Put the value into the cell, or tag it skip-execution.";
const noReply = "The kernel went idle without a reply, so nobody knows whether the cell succeeded.";
const noError = "The cell is tagged raises-exception but did not fail. Remove the tag or correct the cell.";
const noIdle =
  "The kernel's `idle` was lost, and perhaps output with it: it sent more than its socket took. Print less at once.";

/** Why a cell that was answered does not pass, by the answer and its outputs. */
function replyFailures({ cell, outputs, unhandled }: CellFacts, outcome: ExecuteOutcome): Failure[] {
  const { status, idle } = outcome;
  const hasError = status === "error" || outputs.some((output) => output.output_type === "error");
  const lostIdle: Failure[] = idle || status === null ? [] : [{ kind: "no-idle", message: noIdle }];
  const failure = (kind: Failure["kind"], message: string): Failure[] => [{ kind, message }, ...lostIdle];
  if (outcome.askedForInput) return failure("input", asks);
  if (status === null) return failure("no-reply", noReply);
  if (wasAborted(outcome))
    return failure("aborted", `The kernel did not run the cell (it replied \`${status}\`).`);
  if (hasError) return cell.raises ? lostIdle : [errorFailure(outcome, outputs, cell.source), ...lostIdle];
  if (status !== "ok") return failure("error", `The kernel replied \`${status}\`, expected \`ok\`.`);
  // An error that nobody handles is a failure too, so it satisfies raises-exception.
  if (cell.raises)
    return unhandled.some((error) => !error.afterEnd) ? lostIdle : failure("expected-error", noError);
  return [...diagnostics(cell, outputs), ...lostIdle];
}

/** Errors that nobody handled. Those of a cell that must fail are its failure while it runs, not after. */
function unhandledFailures({ cell, ending, unhandled }: CellFacts): Failure[] {
  const outcome = ending.type === "replied" ? ending.outcome : undefined;
  const count = outcome?.reply.execution_count ?? null;
  const counted =
    cell.raises && outcome?.status === "ok" ? unhandled.filter((error) => error.afterEnd) : unhandled;
  return counted.map(({ text, trace, afterEnd }) => ({
    kind: "late",
    message: `${text} (${afterEnd ? "after the cell had ended" : "while the cell ran, in work that it or an earlier cell left behind"})`,
    trace: trace.trimEnd(),
    line: lineOfError(cell.source, trace, text, count),
  }));
}

function endingFailures(facts: CellFacts): Failure[] {
  const { ending } = facts;
  if (ending.type === "replied") return replyFailures(facts, ending.outcome);
  if (ending.type === "stopped") return [ending.failure];
  return ending.type === "not-run" ? [{ kind: "not-run", message: `Not run: ${ending.reason}.` }] : [];
}

function statusOf({ ending, difference }: CellFacts, failures: readonly Failure[]): CellStatus {
  if (ending.type === "skipped" || ending.type === "not-run") return ending.type;
  if (failures.length > 0) return "failed";
  return difference ? "differs" : "passed";
}

/** The result of a cell from all that is known of its run. */
export function cellResult(facts: CellFacts, { cwd, lineOf }: Place): CellResult {
  const { cell, rerun, ending, durationMs, difference } = facts;
  const { index, number, heading, source } = cell;
  const own = [...endingFailures(facts), ...unhandledFailures(facts), ...facts.others];
  const failures = difference && own.length === 0 ? [difference] : own;
  const status = statusOf(facts, own);
  const line = failures.find((failure) => failure.line !== undefined)?.line;
  return {
    index,
    number,
    heading,
    source,
    ...(index < 0 || status === "passed" || status === "skipped" ? {} : { fileLine: lineOf(index, line) }),
    status,
    failures: failures.map((failure) => readable(failure, cwd)),
    outputs: relativeOutputs(facts.outputs, cwd),
    executionCount: ending.type === "replied" ? count(ending.outcome.reply.execution_count) : null,
    durationMs,
    rerun,
  };
}

function readable(failure: Failure, cwd: string): Failure {
  const { message, trace } = failure;
  return { ...failure, message: relativeText(message, cwd), trace: trace && relativeText(trace, cwd) };
}

/** Whether there is nothing to complain of. */
export const isFine = (cell: CellResult): boolean => cell.status === "passed" || cell.status === "skipped";

/** The status of a notebook whose cells had their turn. */
export const notebookStatus = (cells: readonly CellResult[]): NotebookStatus =>
  cells.every(isFine) ? "passed" : "failed";
