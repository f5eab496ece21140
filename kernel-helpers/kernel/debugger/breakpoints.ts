/** The breakpoints that front ends have set, and where they are in the scripts of each thread. */

import { existsSync, readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { DebuggedThread, Location } from "./debugged-thread";
import { orOfCells, syntaxFault } from "./names";
import type { Script, Scripts } from "./scripts";

export interface BreakpointRequest {
  line: number;
  condition?: string;
  logMessage?: string;
}

interface Breakpoint extends BreakpointRequest {
  id: number;
  /** Where it is: the line that was asked for, or the next one on which something runs. */
  actual: number;
  /** Why it is nowhere. */
  fault: string | undefined;
}

export class Breakpoints {
  readonly #byPath = new Map<string, Breakpoint[]>();
  readonly #threads = new Set<DebuggedThread>();
  #last = 0;

  constructor(
    private readonly scripts: Scripts,
    private readonly linesOf: (code: string) => Promise<number[] | undefined>,
  ) {}

  /** In the shape of `debugInfo`. */
  all(): object[] {
    return [...this.#byPath].map(([source, breakpoints]) => ({
      source,
      breakpoints: breakpoints.map(({ id, actual, fault, condition, logMessage }) => ({
        id,
        line: actual,
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
    const breakpoints = requested.map((request) => this.#place(request, lines));
    if (breakpoints.length > 0) this.#byPath.set(path, breakpoints);
    else this.#byPath.delete(path);
    for (const thread of this.#threads) {
      for (const script of this.scripts.byPath(path)) {
        for (const { location } of locationsOf(script, old)) thread.remove(location);
        void this.#put(thread, script, breakpoints);
      }
    }
    return breakpoints.map(({ id, actual, fault, line }) => {
      const moved = actual === line ? undefined : `Nothing runs on line ${line}: moved to line ${actual}.`;
      const message = fault ?? moved;
      return { id, verified: !fault, line: actual, source: { path }, ...(message && { message }) };
    });
  }

  #place({ line, condition, logMessage }: BreakpointRequest, lines: number[] | undefined): Breakpoint {
    const actual = lines ? lines.find((each) => each >= line) : line;
    const fault = actual === undefined ? `Nothing runs on line ${line} or below it.` : faultOf(condition);
    return { id: ++this.#last, line, condition, logMessage, actual: actual ?? line, fault };
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
    for (const thread of this.#threads) if (thread !== loop) void this.#put(thread, script, breakpoints);
    await this.#put(loop, script, breakpoints);
  }

  async #put(thread: DebuggedThread, script: Script, breakpoints: Breakpoint[]): Promise<void> {
    await Promise.all(locationsOf(script, breakpoints).map(({ location, id }) => thread.place(location, id)));
  }
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

/** `x is {x}` as a template literal. */
function templateOf(message: string): string {
  const parts = message.split(/(\{[^{}]*\})/).map((part) => {
    if (part.length > 2 && part.startsWith("{") && part.endsWith("}"))
      return `\${${orOfCells(part.slice(1, -1))}}`;
    return part.replace(/[`\\$]/g, "\\$&");
  });
  return `\`${parts.join("")}\``;
}
