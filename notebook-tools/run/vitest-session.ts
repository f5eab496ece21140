/** What `notebookTests` does between vitest's hooks, without vitest: one test a cell, each after those before it. */
import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Kernel } from "../kernel-client";
import { parseNotebook } from "../nbformat";
import { isFine } from "./cell-result";
import { differenceFrom } from "./differences";
import { failureText, forShell } from "./failure-text";
import { type NotebookOptions, openSession, planNotebook, startKernelOf } from "./notebook";
import { defaultTimeoutMs, type ExtraCell, extraCell, type PlannedNotebook, type Step, steps } from "./plan";
import type { Session } from "./session";
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
  readonly steps: Step[];
  readonly #notebook: PlannedNotebook;
  #opening: Promise<Kernel | null> | null = null;
  #session: Session | null = null;
  #next = 0;
  #late: CellResult[] = [];
  #hasFailed = false;

  /** Reads the notebook at once, since vitest wants to know the tests. Throws `NotebookError`. */
  constructor(
    readonly file: string,
    private readonly options: CellTestOptions,
  ) {
    this.#notebook = planNotebook(parseNotebook(readFileSync(file, "utf8"), file), options);
    const { cells } = this.#notebook;
    const { timeoutMs = defaultTimeoutMs } = options;
    const extra = (own?: ExtraCell): Step[] =>
      own && cells.length > 0 ? [{ cell: extraCell(own.source, own.name, timeoutMs), rerun: false }] : [];
    this.steps = [...extra(options.before), ...steps(cells, options.rerun), ...extra(options.after)];
  }

  /** Starts the kernel, once. */
  open(): Promise<Kernel | null> {
    if (!this.#opening) {
      this.#opening = startKernelOf(this.#notebook, this.options).then(({ kernel }) => kernel);
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
    const first = this.#next;
    while (this.#next <= upTo) await session.run(this.steps[this.#next++]!);
    if (this.#next === this.steps.length) await session.settle();
    const { check, compare } = this.options;
    if (check) session.compare(differenceFrom(this.#notebook.document, compare));
    const result = upTo < first ? undefined : session.results()[upTo];
    const failed = [...this.#takeLate(result), ...(result && !isFine(result) ? [result] : [])];
    if (this.#hasFailed && failed.every(({ status }) => status === "not-run"))
      return failed[0]?.failures[0]?.message;
    if (failed.length === 0) return undefined;
    this.#hasFailed = true;
    throw this.#error(failed);
  }

  /** The cells that failed after their own tests had passed, each as it was last reported. */
  #takeLate(current: CellResult | undefined): CellResult[] {
    const late = new Map(this.#late.map((cell) => [`${cell.index} ${cell.rerun}`, cell]));
    if (current) late.delete(`${current.index} ${current.rerun}`);
    this.#late = [];
    return [...late.values()];
  }

  /** Ends the kernel; does nothing where none was started. */
  async close(): Promise<void> {
    const kernel = await this.#opening?.catch(() => null);
    await kernel?.shutdown({ graceMs: 500 });
  }

  async #start(): Promise<Session> {
    const kernel = await this.open();
    const onChange = (result: CellResult) => void this.#late.push(result);
    this.#session ??= openSession(this.#notebook, kernel, { ...this.options, onChange });
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
    return new CellError(text, this.file, first!.fileLine ?? 1);
  }
}
