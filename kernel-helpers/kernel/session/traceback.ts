/** Anything thrown -> what Jupyter shows of it: `ename`, `evalue` and the lines of `traceback`. */

import { inspect, stripVTControlCharacters } from "node:util";
import type { Position } from "./cell-scripts";
import { callAt, readerMessage } from "./reader-message";
import type { StackWorld } from "./stacks";
import { readFrames } from "./stacks";

/** The content of Jupyter's `error` message. */
export interface Failure {
  ename: string;
  evalue: string;
  traceback: string[];
}

const paint = (code: string) => (text: string) => `\x1b[${code}m${text}\x1b[0m`;
/** Weight, not colour: on the red that JupyterLab's dark theme puts behind an error, its red has a contrast of 2. */
export const bold = paint("1");
const dim = paint("2");

/** Lines of source shown before and after the one at fault. */
const around = 2;
/** Causes and gathered errors are followed this deep. */
const deepest = 5;
/** At most this many frames are shown. */
const longest = 20;

/** The lines around a position, numbered, with a pointer below the column. */
export function codeFrame(source: string, line: number, column: number): string[] {
  const lines = source.split(/\r?\n/);
  const first = Math.max(1, line - around);
  const last = Math.min(lines.length, line + around);
  const width = String(last).length;
  const shown: string[] = [];
  for (let number = first; number <= last; number++) {
    const text = lines[number - 1]!;
    const label = String(number).padStart(width);
    shown.push(number === line ? `${bold(">")} ${label} | ${text}` : dim(`  ${label} | ${text}`));
    // Tabs keep their width, so that the pointer stays below its character.
    const lead = text.slice(0, column - 1).replace(/[^\t]/g, " ");
    if (number === line) shown.push(`  ${" ".repeat(width)} | ${lead}${bold("^")}`);
  }
  return shown;
}

interface ErrorLike {
  name?: unknown;
  message?: unknown;
  stack?: unknown;
  cause?: unknown;
  errors?: unknown;
}

/** Errors of any realm; a worker's errors and those of other contexts are not `instanceof Error` here. */
function isErrorLike(value: unknown): value is ErrorLike {
  if (typeof value !== "object" || value === null) return false;
  return value instanceof Error || ("stack" in value && "message" in value);
}

/** `name`, or the class where a class forgot to set it. */
function nameOf(error: ErrorLike): string {
  const className = (error as object).constructor?.name;
  const name = typeof error.name === "string" && error.name ? error.name : "Error";
  return name === "Error" && className && className !== "Object" ? className : name;
}

/** The source of a cell, or of a file compiled with the cells, and a place in it. */
interface Fault extends Position {
  source: string;
}

/** Where an error comes from: its first frame in what the reader wrote. */
function faultOf(value: unknown, world: StackWorld): Fault | undefined {
  if (!isErrorLike(value) || typeof value.stack !== "string") return undefined;
  const sources = new Map([...world.cells.values()].map(({ label, source }) => [label, source]));
  const place = readFrames(value.stack, world).find(
    (frame) => frame.place && sources.has(frame.place.file),
  )?.place;
  return place && { ...place, source: sources.get(place.file)! };
}

/** `ename` and `evalue` of anything thrown. */
function summary(value: unknown, world: StackWorld): { ename: string; evalue: string } {
  if (isErrorLike(value)) {
    const name = nameOf(value);
    const isGenerated = (value as { generatedMessage?: unknown }).generatedMessage === true;
    const evalue = readerMessage({ name, message: String(value.message ?? ""), isGenerated }, () => {
      const fault = faultOf(value, world);
      return fault && callAt(fault.source, fault.line, fault.column);
    });
    return { ename: name, evalue };
  }
  return { ename: "Thrown", evalue: typeof value === "string" ? value : inspect(value) };
}

const shownElsewhere = new Set(["name", "message", "stack", "cause", "errors", "requireStack"]);

/** What an error carries besides its message: `code`, `errno`, whatever a class added. */
function extras(error: object): string[] {
  const own = Object.entries(error).filter(([key]) => !shownElsewhere.has(key));
  return own.length === 0 ? [] : [dim(inspect(Object.fromEntries(own)))];
}

function heading(value: unknown, world: StackWorld): string {
  const { ename, evalue } = summary(value, world);
  return evalue ? `${bold(ename)}: ${evalue}` : bold(ename);
}

const indent = (lines: string[]) => lines.map((line) => `  ${line.replaceAll("\n", "\n  ")}`);

function section(value: unknown, world: StackWorld, depth: number): string[] {
  if (!isErrorLike(value)) return [heading(value, world)];
  const frames = readFrames(typeof value.stack === "string" ? value.stack : "", world);
  const fault = faultOf(value, world);
  const hidden = frames.length - longest;
  return [
    heading(value, world),
    ...(fault ? codeFrame(fault.source, fault.line, fault.column) : []),
    ...frames.slice(0, longest).map(({ text }) => dim(`    ${text}`)),
    ...(hidden > 0 ? [dim(`    … ${hidden} more`)] : []),
    ...extras(value),
    ...(depth < deepest ? related(value, world, depth + 1) : []),
  ];
}

/** The errors behind an error: those an AggregateError gathered, then the cause. */
function related(error: ErrorLike, world: StackWorld, depth: number): string[] {
  const gathered = Array.isArray(error.errors) ? error.errors : [];
  const parts = gathered.flatMap((inner, index) => [
    `${dim(`error ${index + 1} of ${gathered.length}:`)}`,
    ...indent(section(inner, world, depth)),
  ]);
  const caused = "cause" in error && error.cause !== undefined;
  return caused ? [...parts, dim("caused by:"), ...indent(section(error.cause, world, depth))] : parts;
}

/** Describes anything thrown in the reader's terms. */
export function describe(value: unknown, world: StackWorld): Failure {
  try {
    return { ...summary(value, world), traceback: section(value, world, 0) };
  } catch {
    // Its own getters throw: whatever it is, the cell has failed and must be answered.
    const evalue = "something was thrown that cannot be read";
    return { ename: "Thrown", evalue, traceback: [`${bold("Thrown")}: ${evalue}`] };
  }
}

/** The traceback as plain text, for streams. */
export function plainText({ traceback }: Failure): string {
  return stripVTControlCharacters(traceback.join("\n"));
}
