/** What `notebookTests` does between vitest's hooks, without vitest: one test a cell, each after those before it. */
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { type NotebookDocument, parseNotebook } from "../nbformat";
import { failureText, forShell } from "./failure-text";
import {
  defaultSettleMs,
  defaultTimeoutMs,
  type NotebookOptions,
  type OpenNotebook,
  openNotebook,
} from "./notebook";
import { type ExtraCell, extraStep, plan, type Step, steps } from "./plan";
import { Session } from "./session";
import { checkCell, isFine } from "./store-outputs";
import type { CellResult } from "./types";

/** What a test of a cell heeds of a run's options: it writes nothing, and the test runner has its own ways to stop. */
export type CellTestOptions = Pick<
  NotebookOptions,
  "kernel" | "timeoutMs" | "settleMs" | "interruptGraceMs" | "rerun" | "check" | "compare"
> & {
  /** Code to run before a notebook's first cell, as a test of its own. Not where the notebook has no code. */
  before?: ExtraCell;
  /** The same after its last cell, with `rerun` after the second run: what must hold in the end. */
  after?: ExtraCell;
};

/** A failed cell as a test's error, whose stack names the cell's line in the file. */
export class CellError extends Error {
  override name = "CellError";
  constructor(text: string, file: string, line: number) {
    super(text);
    this.stack = `${this.name}: ${text}\n    at ${resolve(file)}:${line}:1`;
  }
}

export class NotebookTestSession {
  readonly document: NotebookDocument;
  readonly steps: Step[];
  #opening: Promise<OpenNotebook> | null = null;
  #session: Session | null = null;
  #next = 0;
  #late: CellResult[] = [];
  #hasFailed = false;

  /** Reads the notebook at once, since vitest wants to know the tests. Throws `NotebookError`. */
  constructor(
    readonly file: string,
    private readonly options: CellTestOptions,
  ) {
    this.document = parseNotebook(readFileSync(file, "utf8"), file);
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    const cells = plan(this.document, timeoutMs);
    const extra = (cell?: ExtraCell) => (cell && cells.length > 0 ? [extraStep(cell, timeoutMs)] : []);
    this.steps = [...extra(options.before), ...steps(cells, options.rerun), ...extra(options.after)];
  }

  /** Starts the kernel, once. */
  open(): Promise<OpenNotebook> {
    if (!this.#opening) {
      this.#opening = openNotebook(this.file, this.options);
      // Whoever runs the first cell hears of its failure.
      this.#opening.catch(() => {});
    }
    return this.#opening;
  }

  /**
   * Runs a step, after those before it that did not run yet (a filter may have left them out). Resolves to the
   * reason where the cell could not run because of a failure that an earlier test has told already.
   * Throws `CellError` when it fails, or when one before it has failed meanwhile.
   */
  async test(step: Step): Promise<string | undefined> {
    const session = await this.#start();
    const upTo = this.steps.indexOf(step);
    let result: CellResult | undefined;
    while (this.#next <= upTo) {
      const { cell, rerun } = this.steps[this.#next++]!;
      result = await session.run(cell, rerun);
      if (this.options.check && cell.index >= 0) checkCell(this.document, result, this.options.compare ?? {});
    }
    if (this.#next === this.steps.length) await session.settle();
    const failed = [...this.#takeLate(result), ...(result && !isFine(result) ? [result] : [])];
    if (this.#hasFailed && failed.every(({ status }) => status === "not-run"))
      return failed[0]?.failures[0]?.message;
    if (failed.length === 0) return undefined;
    this.#hasFailed = true;
    throw this.#error(failed);
  }

  /** The cells that failed after their own tests had passed. */
  #takeLate(current: CellResult | undefined): CellResult[] {
    const late = this.#late.filter((other) => other !== current);
    this.#late = [];
    return late;
  }

  /** Ends the kernel; does nothing where none was started. */
  async close(): Promise<void> {
    const open = await this.#opening?.catch(() => null);
    await open?.kernel?.shutdown({ graceMs: 500 });
  }

  async #start(): Promise<Session> {
    const { kernel } = await this.open();
    this.#session ??= new Session(kernel, {
      cwd: dirname(resolve(this.file)),
      settleMs: this.options.settleMs ?? defaultSettleMs,
      interruptGraceMs: this.options.interruptGraceMs,
      onLateFailure: (result) => this.#late.push(result),
    });
    return this.#session;
  }

  #error(failed: CellResult[]): CellError {
    const [first] = failed;
    const { check, rerun } = this.options;
    const name = relative(process.cwd(), this.file);
    const again = ["npx nb run", forShell(name), check && "--check", rerun && "--rerun"]
      .filter(Boolean)
      .join(" ");
    const text = failed.map((result) => failureText(name, result, again)).join("\n\n");
    const line = first!.failures.find((failure) => failure.line !== undefined)?.line;
    return new CellError(text, this.file, this.document.lineOf(first!.index, line));
  }
}
