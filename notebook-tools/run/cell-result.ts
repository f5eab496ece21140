/** Whether a cell passed: pure, from what the kernel replied and what it put out. */
import { stripVTControlCharacters } from "node:util";
import type { ExecuteOutcome } from "../kernel-client";
import { multilineText, type Output } from "../nbformat";
import type { PlannedCell } from "./plan";
import { lineOfError } from "./source-location";
import type { Failure } from "./types";

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

/**
 * Why the cell does not pass; empty when it was run, answered `ok` (or failed as its tag says), and its `idle`
 * was seen.
 */
export function verdict(cell: PlannedCell, outcome: ExecuteOutcome, outputs: readonly Output[]): Failure[] {
  const failures: Failure[] = [];
  const fail = (kind: Failure["kind"], message: string) => failures.push({ kind, message });
  const hasError = outcome.status === "error" || outputs.some((output) => output.output_type === "error");
  if (outcome.askedForInput) {
    fail(
      "input",
      "The cell asked for input, which nobody can give in a run. Put the value into the cell, or tag it skip-execution.",
    );
  } else if (outcome.status === null) {
    fail("no-reply", "The kernel went idle without a reply, so nobody knows whether the cell succeeded.");
  } else if (wasAborted(outcome)) {
    fail("aborted", `The kernel did not run the cell (it replied \`${outcome.status}\`).`);
  } else if (hasError) {
    if (!cell.raises) failures.push(errorFailure(outcome, outputs, cell.source));
  } else if (outcome.status !== "ok") {
    fail("error", `The kernel replied \`${outcome.status}\`, expected \`ok\`.`);
  } else if (cell.raises) {
    fail(
      "expected-error",
      "The cell is tagged raises-exception but did not fail. Remove the tag or correct the cell.",
    );
  } else failures.push(...diagnostics(cell, outputs));
  if (!outcome.idle && outcome.status !== null) {
    fail(
      "no-idle",
      "The kernel's `idle` was lost, and perhaps output with it: it sent more than its socket took. Print less at once.",
    );
  }
  return failures;
}
