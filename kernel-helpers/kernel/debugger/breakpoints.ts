/** The breakpoints that front ends have set, and where they are in the scripts of each thread. */

import { existsSync, readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { DebuggedThread } from "./debugged-thread";
import { orOfCells, syntaxFault } from "./names";
import type { Script, Scripts } from "./scripts";
import { keyOf, type Location } from "./thread-breakpoints";

export interface BreakpointRequest {
  line: number;
  condition?: string;
  logMessage?: string;
}

interface Breakpoint extends BreakpointRequest {
  id: number;
  path: string;
  /** Where it is put: in the line that was asked for, or the next one on which something runs. */
  actual: number;
  /** Where the engine has put it, if that is another line. */
  moved?: number;
  /** Why it is nowhere, or nobody knows where. */
  fault: string | undefined;
  /** Its source has not been seen yet. */
  isOpen: boolean;
}

export class Breakpoints {
  readonly #byPath = new Map<string, Breakpoint[]>();
  readonly #threads = new Set<DebuggedThread>();
  /** Lines of the inspector's, by location. */
  readonly #resolved = new Map<string, number>();
  #last = 0;

  constructor(
    private readonly scripts: Scripts,
    private readonly linesOf: (code: string) => Promise<number[] | undefined>,
    /** Hears of a breakpoint that is found to be elsewhere, in the shape of an event. */
    private readonly changed: (breakpoint: object) => void,
  ) {}

  /** In the shape of `debugInfo`. */
  all(): object[] {
    return [...this.#byPath].map(([source, breakpoints]) => ({
      source,
      breakpoints: breakpoints.map(({ id, actual, moved = actual, fault, condition, logMessage }) => ({
        id,
        line: moved,
        verified: !fault,
        condition,
        logMessage,
      })),
    }));
  }

  /** Puts these in the place of all of a source; kept also before a debugger is attached. */
  async set(path: string, requested: BreakpointRequest[]): Promise<object[]> {
    const lines = await this.#linesOf(path);
    const old = this.#byPath.get(path) ?? [];
    const breakpoints = requested.map((request) => this.#place(path, request, lines));
    if (breakpoints.length > 0) this.#byPath.set(path, breakpoints);
    else this.#byPath.delete(path);
    for (const thread of this.#threads) {
      for (const script of this.scripts.byPath(path)) {
        for (const { location } of locationsOf(script, old)) thread.breakpoints.remove(location);
        void this.#put(thread, script, breakpoints);
      }
    }
    return breakpoints.map(shown);
  }

  #place(path: string, request: BreakpointRequest, lines: number[] | undefined): Breakpoint {
    const { line, condition, logMessage } = request;
    const isOpen = lines === undefined;
    const id = ++this.#last;
    const breakpoint: Breakpoint = { id, path, line, condition, logMessage, actual: line, isOpen, fault: "" };
    breakpoint.fault = find(breakpoint, lines);
    return breakpoint;
  }

  async #linesOf(path: string): Promise<number[] | undefined> {
    const source =
      this.scripts.sourceOf(path) ??
      (isAbsolute(path) && existsSync(path) ? readFileSync(path, "utf8") : undefined);
    return source === undefined ? undefined : this.linesOf(source);
  }

  addThread(thread: DebuggedThread): void {
    this.#threads.add(thread);
    for (const [path, breakpoints] of this.#byPath)
      for (const script of this.scripts.byPath(path)) void this.#put(thread, script, breakpoints);
  }

  removeThread(thread: DebuggedThread): void {
    this.#threads.delete(thread);
  }

  /** A script is about to run; resolves when `loop`, which runs it, has its breakpoints. */
  async addScript(script: Script, loop: DebuggedThread): Promise<void> {
    const breakpoints = this.#byPath.get(script.path) ?? [];
    await this.#findOpen(script, breakpoints);
    for (const thread of this.#threads) if (thread !== loop) void this.#put(thread, script, breakpoints);
    await this.#put(loop, script, breakpoints);
  }

  /** Looks for those whose source nobody had seen when they were set. */
  async #findOpen(script: Script, breakpoints: Breakpoint[]): Promise<void> {
    const open = breakpoints.filter(({ isOpen }) => isOpen);
    if (open.length === 0) return;
    const lines = await this.linesOf(script.source);
    for (const breakpoint of open) {
      breakpoint.isOpen = false;
      breakpoint.fault = find(breakpoint, lines ?? []);
      this.changed(shown(breakpoint));
    }
  }

  /** The event loop's thread has a breakpoint in another line than was thought, where a thread stops as well. */
  resolved(location: Location, line: number, column: number): void {
    this.#resolved.set(keyOf(location), line);
    const script = this.scripts.byUrl(location.url);
    const origin = script?.originOf(line, column);
    if (!script || !origin) return;
    for (const breakpoint of this.#byPath.get(script.path) ?? []) {
      const places = locationsOf(script, [breakpoint]);
      if (places.length !== 1 || keyOf(places[0]!.location) !== keyOf(location)) continue;
      if ((breakpoint.moved ?? breakpoint.actual) === origin.line) continue;
      breakpoint.moved = origin.line;
      this.changed(shown(breakpoint));
    }
  }

  /** Whether a thread that stops in a line stops at this location: the engine puts what is nowhere into the nearest line. */
  isAt(location: Location, line: number): boolean {
    return line === (this.#resolved.get(keyOf(location)) ?? location.line);
  }

  async #put(thread: DebuggedThread, script: Script, breakpoints: Breakpoint[]): Promise<void> {
    await Promise.all(
      locationsOf(script, breakpoints).map(({ location, id }) => thread.breakpoints.place(location, id)),
    );
  }
}

/** Looks for its line among those on which something runs; returns why it is nowhere. */
function find(
  breakpoint: Pick<Breakpoint, "line" | "condition" | "actual">,
  lines: number[] | undefined,
): string | undefined {
  const { line, condition } = breakpoint;
  if (!Number.isInteger(line) || line < 1) return `A line is a whole number from 1, got ${line}.`;
  const fault = faultOf(condition);
  if (!lines) return fault ?? "Its source has not been seen yet.";
  const actual = lines.find((each) => each >= line);
  if (actual === undefined) return `Nothing runs on line ${line} or below it.`;
  breakpoint.actual = actual;
  return fault;
}

/** As a client is told of it. */
function shown({ id, path, line, actual, moved = actual, fault }: Breakpoint): object {
  const message =
    fault ?? (moved === line ? undefined : `Nothing runs on line ${line}: moved to line ${moved}.`);
  return { id, verified: !fault, line: moved, source: { path }, ...(message && { message }) };
}

function locationsOf(script: Script, breakpoints: Breakpoint[]): { location: Location; id: number }[] {
  return breakpoints
    .filter(({ fault }) => !fault)
    .flatMap((breakpoint) => {
      const condition = conditionOf(breakpoint, script);
      return script.generatedOf(breakpoint.actual).map(({ line, column }) => ({
        id: breakpoint.id,
        location: { url: script.url, line, column, condition },
      }));
    });
}

function faultOf(condition: string | undefined): string | undefined {
  const fault = condition && syntaxFault(condition);
  return fault ? `The condition is no expression in JavaScript: ${fault}` : undefined;
}

/**
 * What the thread evaluates at a breakpoint: whether to stop. A condition that throws does not stop, and says so
 * under the cell, once; a log message is printed there.
 */
function conditionOf({ id, condition, logMessage, actual }: Breakpoint, { label }: Script): string {
  if (!condition && !logMessage) return "";
  const holds = condition ? `(${orOfCells(condition)}\n)` : "true";
  const log = logMessage ? `console.log(${templateOf(logMessage)}), false` : "true";
  const place = JSON.stringify(`The condition of the breakpoint in ${label}, line ${actual}, threw`);
  return `(() => { try { return ${holds} ? (${log}) : false } catch (error) {
    const told = globalThis[Symbol.for("kernel-helpers.conditions")] ??= new Set();
    if (!told.has(${id})) { told.add(${id}); console.error(${place}, String(error)); }
    return false;
  } })()`;
}

/** `x is {x}` as an expression: texts as they are, other values as a cell shows them, an error in its place. */
function templateOf(message: string): string {
  const parts: string[] = [];
  let text = "";
  for (let at = 0; at < message.length; at++) {
    const end = message[at] === "{" ? endOfExpression(message, at) : undefined;
    if (end === undefined) {
      text += message[at];
      continue;
    }
    const value = orOfCells(message.slice(at + 1, end));
    const shown = `typeof value === "string" ? value : process.getBuiltinModule?.("node:util").inspect(value)`;
    parts.push(
      JSON.stringify(text),
      `(() => { try { const value = (${value}); return ${shown} } catch (error) { return String(error) } })()`,
    );
    text = "";
    at = end;
  }
  return [...parts, JSON.stringify(text)].join(" + ");
}

/** The first brace that closes what is an expression. */
function endOfExpression(message: string, start: number): number | undefined {
  for (let end = message.indexOf("}", start + 2); end >= 0; end = message.indexOf("}", end + 1))
    if (syntaxFault(message.slice(start + 1, end)) === undefined) return end;
  return undefined;
}
