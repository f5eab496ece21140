/**
 * Whether cells and notebooks passed. Everything that can make a cell fail is judged here, from what is known of its
 * run: the reply, a time-out or a death, errors that nobody handled, outputs other than the stored ones. Pure.
 */
import type { ExecuteOutcome } from "../kernel-client/browser";
import { multilineText, type Output } from "../nbformat/browser";
import type { PlannedCell } from "./plan";
import { type Folders, relativeOutputs, relativeText } from "./relative";
import { lineOfError } from "./source-location";
import type { CellResult, CellStatus, Failure, NotebookResult } from "./types";

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
  /** When it came: while the cell ran, once it had gone idle, or even once its result was reported. */
  came: "running" | "ended" | "reported";
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
  /** Whether a shell command that ends with another code than 0 fails its cell. */
  shellErrors?: boolean;
  /** What paths are made relative to; undefined where they stay as they are. */
  folders?: Folders | undefined;
  /** The line of the file where a line of a cell's source stands. */
  lineOf(cellIndex: number, sourceLine?: number): number;
}

/** Statuses by which kernels say that they did not run the code; tslab says `abort`. */
const abortedStatuses = new Set(["aborted", "abort"]);

export const wasAborted = (outcome: ExecuteOutcome): boolean => abortedStatuses.has(outcome.status ?? "");

// CSI sequences, OSC sequences (links, titles), and other escapes (ECMA-48).
const [ESC, BEL] = ["\\u001b", "\\u0007"];
const escapes = new RegExp(
  String.raw`(?:${ESC}\[|\u009b)[0-?]*[ -/]*[@-~]|${ESC}\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\)?|${ESC}[ -/]*[0-~]`,
  "g",
);

/** Text as a terminal would show it, without colours. */
export const withoutAnsi = (text: string): string => text.replace(escapes, "");

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

/** The execution count as nbformat wants it. */
function countOf(ending: Ending): number | null {
  const count: unknown = ending.type === "replied" ? ending.outcome.reply.execution_count : null;
  return Number.isInteger(count) ? (count as number) : null;
}

const asks =
  "The cell asked for input, which nobody can give in a run. Put the value into the cell, or tag it skip-execution.";
const exits =
  "The cell asked to end the kernel, as `exit()` does: for a person it would be gone now. Remove the call.";
const noReply = "The kernel went idle without a reply, so nobody knows whether the cell succeeded.";
const noError = "The cell is tagged raises-exception but did not fail. Remove the tag or correct the cell.";
const noIdle =
  "The kernel's `idle` was lost, and perhaps output with it: it sent more than its socket took. Print less at once.";

/** IPython's `exit` leaves the ending to the front end, by a payload. */
function asksToEnd({ reply }: ExecuteOutcome): boolean {
  const payloads: unknown[] = Array.isArray(reply.payload) ? reply.payload : [];
  return payloads.some((one) => {
    const { source, keepkernel } = { ...(one as { source?: unknown; keepkernel?: unknown }) };
    return source === "ask_exit" && keepkernel !== true;
  });
}

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
  if (asksToEnd(outcome)) return failure("died", exits);
  // An error that nobody handles is a failure too, so it satisfies raises-exception.
  if (cell.raises)
    return unhandled.some(({ came }) => came !== "reported") ? lostIdle : failure("expected-error", noError);
  return [...diagnostics(cell, outputs), ...lostIdle];
}

const shellFailure = (code: number): Failure => ({
  kind: "shell",
  message: `A shell command of the cell ended with exit code ${code}.`,
});

/** A line of IPython that hands something to the shell. */
const shellLine = /^[ \t]*(?:[\w, ]+=[ \t]*)?(?:!|%sx\b|%system\b)/m;

/**
 * What a kernel is to evaluate after a cell. IPython keeps the exit code of the last `!command` and calls the cell well all
 * the same; asking for it forgets it, so that the next cell does not answer for it.
 */
export const expressionsFor = (source: string, language: string): Record<string, string> =>
  /^i?python/i.test(language) && shellLine.test(source)
    ? { exit_code: "get_ipython().user_ns.pop('_exit_code', 0)" }
    : {};

function shellCodeOf({ reply }: ExecuteOutcome): number | undefined {
  const code = Number(reply.user_expressions?.exit_code?.data?.["text/plain"] ?? 0);
  return code === 0 || Number.isNaN(code) ? undefined : code;
}

/**
 * The failure of a kernel whose process would end with another code than 0, the only way in which `node:test` tells of
 * tests that failed, and the run that it is named for: the one where the first of them stands, else `last`.
 */
export function exitCodeFailure(code: number, runs: readonly CellFacts[], last: number): [number, Failure] {
  const printed = runs.map(({ outputs }) => withoutAnsi(streamText(outputs, "stdout")));
  const trace = /^✖ failing tests:\n([\s\S]+)/m.exec(printed.join("\n"))?.[1]?.trim();
  const count = Number(/\bcell (\d+):\d+:\d+/.exec(trace ?? "")?.[1]);
  const named = runs.findLastIndex(({ ending }) => ending.type === "replied" && countOf(ending) === count);
  const shown = printed.findIndex((text) => /^\s*(?:✖ |not ok )/m.test(text));
  const run = [named, shown, last].find((found) => found >= 0)!;
  const why = shown >= 0 ? "a test failed" : "something set `process.exitCode`";
  const line = trace && lineOfError(runs[run]!.cell.source, trace, "", count);
  const message = `${why[0]!.toUpperCase()}${why.slice(1)}: the process would end with exit code ${code}.`;
  return [run, { kind: "exit-code", message, ...(trace ? { trace } : {}), ...(line ? { line } : {}) }];
}

/** Errors that nobody handled. Those of a cell that must fail are its failure while it runs, not after. */
function unhandledFailures({ cell, ending, unhandled }: CellFacts): Failure[] {
  const outcome = ending.type === "replied" ? ending.outcome : undefined;
  const count = outcome?.reply.execution_count ?? null;
  const counted =
    cell.raises && outcome?.status === "ok" ? unhandled.filter(({ came }) => came === "reported") : unhandled;
  return counted.map(({ text, trace, came }) => ({
    kind: "late",
    message: `${text} (${came === "running" ? "while the cell ran, in work that it or an earlier cell left behind" : "after the cell had ended"})`,
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
export function cellResult(facts: CellFacts, { folders, lineOf, shellErrors }: Place): CellResult {
  const { cell, rerun, ending, durationMs, difference } = facts;
  const { index, number, heading, source } = cell;
  const shellCode = ending.type === "replied" ? shellCodeOf(ending.outcome) : undefined;
  const shell: Failure[] = shellErrors && shellCode ? [shellFailure(shellCode)] : [];
  const own = [...endingFailures(facts), ...shell, ...unhandledFailures(facts), ...facts.others];
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
    failures: folders ? failures.map((failure) => readable(failure, folders)) : failures,
    outputs: folders ? relativeOutputs(facts.outputs, folders) : [...facts.outputs],
    executionCount: countOf(ending),
    durationMs,
    rerun,
    ...(shellCode ? { shellCode } : {}),
  };
}

function readable(failure: Failure, folders: Folders): Failure {
  const { message, trace } = failure;
  return {
    ...failure,
    message: relativeText(message, folders),
    trace: trace && relativeText(trace, folders),
  };
}

/** Whether there is nothing to complain of. */
export const isFine = (cell: CellResult): boolean => cell.status === "passed" || cell.status === "skipped";

const tested = new Set(["passed", "failed", "differs"]);

/** Whether nothing of a notebook was run: it has no code, or all is empty or skipped. */
const testedNothing = (cells: readonly CellResult[]): boolean =>
  !cells.some(({ status, source }) => status === "not-run" || (tested.has(status) && source.trim() !== ""));

const nothing = "No cell of it has code to run, so nothing was tested.";

/** The status of a notebook whose cells had their turn, and why where no cell says it. */
export function notebookStatus(
  cells: readonly CellResult[],
  { requireCode = false }: { requireCode?: boolean },
): Pick<NotebookResult, "status" | "problem"> {
  if (requireCode && testedNothing(cells))
    return { status: "failed", problem: `${nothing} (--require-code)` };
  return { status: cells.every(isFine) ? "passed" : "failed", problem: undefined };
}

const mayFailUnseen = /^%%\w+[^\n]*--no-raise-error/;

/** What is to be known of a notebook although it is no failure. */
export function notesOn(
  cells: readonly CellResult[],
  { requireCode = false }: { requireCode?: boolean },
): string[] {
  const passed = cells.filter(({ status }) => status === "passed");
  return [
    ...(testedNothing(cells) && !requireCode ? [nothing] : []),
    ...passed
      .filter(({ source }) => mayFailUnseen.test(source))
      .map(({ number }) => `The script of cell ${number} may fail unseen, because of --no-raise-error.`),
    ...passed
      .filter(({ shellCode }) => shellCode)
      .map(
        ({ number, shellCode }) =>
          `A shell command of cell ${number} ended with exit code ${shellCode}; --shell-errors makes that a failure.`,
      ),
  ];
}
