/** What `notebookTests` does between vitest's hooks, without vitest: one test a cell, each after those before it. */
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { type NotebookDocument, parseNotebook } from "../nbformat";
import { failureText } from "./failure-text";
import { checkCell, isFine } from "./keep";
import {
  defaultSettleMs,
  defaultTimeoutMs,
  type NotebookOptions,
  type OpenNotebook,
  openNotebook,
} from "./notebook";
import { type PlannedCell, plan } from "./plan";
import { Session } from "./session";
import type { CellResult } from "./types";

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
  readonly cells: PlannedCell[];
  #opening: Promise<OpenNotebook> | null = null;
  #session: Session | null = null;
  #next = 0;
  #late: CellResult[] = [];
  #hasFailed = false;

  /** Reads the notebook at once, since vitest wants to know the tests. Throws `NotebookError`. */
  constructor(
    readonly file: string,
    private readonly options: NotebookOptions,
  ) {
    this.document = parseNotebook(readFileSync(file, "utf8"), file);
    this.cells = plan(this.document, options.timeoutMs ?? defaultTimeoutMs);
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
   * Runs a cell, after those before it that did not run yet (a filter may have left them out). Resolves to the
   * reason where the cell could not run because of a failure that an earlier test has told already.
   * Throws `CellError` when it fails, or when one before it has failed meanwhile.
   */
  async test(cell: PlannedCell): Promise<string | undefined> {
    const session = await this.#start();
    let result: CellResult | undefined;
    while (this.#next < this.cells.length && this.cells[this.#next]!.index <= cell.index) {
      result = await session.run(this.cells[this.#next++]!);
      if (this.options.check) checkCell(this.document, result, this.options.compare ?? {});
    }
    if (this.#next === this.cells.length) await session.settle();
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
      signal: this.options.signal,
      onLateFailure: (result) => this.#late.push(result),
    });
    return this.#session;
  }

  #error(failed: CellResult[]): CellError {
    const [first] = failed;
    const text = failed
      .map((result) =>
        failureText(
          relative(process.cwd(), this.file),
          result,
          `npx nb run ${relative(process.cwd(), this.file)}${this.options.check ? " --check" : ""}`,
        ),
      )
      .join("\n\n");
    const line = first!.failures.find((failure) => failure.line !== undefined)?.line;
    return new CellError(text, this.file, this.document.lineOf(first!.index, line));
  }
}
