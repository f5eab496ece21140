/** One notebook in one kernel: run cell by cell, listened to until its end. */
import { type ExecuteOutcome, KernelDiedError, type Message } from "../kernel-client/browser";
import {
  type CellFacts,
  cellResult,
  type Ending,
  exitCodeFailure,
  expressionsFor,
  type Place,
  type UnhandledError,
  wasAborted,
} from "./cell-result";
import { NotebookOutputs } from "./outputs";
import { followPendingWork, type Rest, untilQuiet } from "./pending-work";
import { extraCell, type PlannedCell, type Step } from "./plan";
import { type SessionKernel, sleep } from "./session-kernel";
import type { CellResult, Failure } from "./types";
import { unhandledError } from "./unhandled-errors";

export interface SessionOptions extends Place {
  /** How long to wait at most after the last cell for failures that come late, in ms: see `WaitOptions`. */
  settleMs?: number;
  /** How long a cell has to stop after an interrupt before its kernel is ended. Default 5,000 ms. */
  interruptGraceMs?: number;
  /** Aborting it interrupts the running cell and lets no other start; its reason is a sentence for the report. */
  signal?: AbortSignal;
  /** The result of a cell that had ended is another one now. */
  onChange?: (cell: CellResult) => void;
}

/** How long a cell has to stop after an interrupt before its kernel is ended, in ms. */
const defaultInterruptGraceMs = 5000;
/** A kernel that is still loading may miss an interrupt, so it is told again, in ms. */
const interruptAgainMs = 500;
/** How long a kernel has to end by itself, then after SIGTERM, before SIGKILL, in ms. */
const endGraceMs = 500;
/** Kernels drop requests for a while after an error (tslab for 200 ms), so a dropped cell is sent again, in ms. */
const sendAgainEveryMs = 25;
const sendAgainForMs = 3000;

const seconds = (ms: number): string => `${Number((ms / 1000).toPrecision(3))} s`;

function whenAborted(signal: AbortSignal, stop: AbortSignal): Promise<"aborted"> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve("aborted");
    signal.addEventListener("abort", () => resolve("aborted"), { once: true, signal: stop });
  });
}

/** As `randomUUID`, which browsers lack on pages of plain HTTP. */
const newId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** The run of code that stands in no cell. */
const ofNoCell = -1;

export class Session {
  readonly #outputs = new NotebookOutputs();
  /** Of each run of a cell by its place among the runs: `rerun` runs a cell twice, and messages mean one of the two. */
  readonly #known: CellFacts[] = [];
  readonly #runOf = new Map<string, number>();
  /** Errors of a run that has not ended. */
  #unhandled: UnhandledError[] = [];
  /** Runs whose `idle` was seen. */
  readonly #ended = new Set<number>();
  #isGone = false;
  #onRunning = () => {};
  #stopped = false;
  #hasFailed = false;

  /** `opened` is null for a notebook without a cell to run. */
  constructor(
    private readonly opened: SessionKernel | null,
    private readonly options: SessionOptions,
  ) {
    opened?.onMessage((message) => this.#listen(message));
    if (opened) followPendingWork(opened);
  }

  private get kernel(): SessionKernel {
    if (!this.opened) throw new Error("Expected a kernel for a notebook with cells to run, got none.");
    return this.opened;
  }

  /** The language of the kernel, as the kernel names it. */
  get language(): string {
    return String(this.kernel.info.language_info?.name ?? this.kernel.spec.language);
  }

  /**
   * Runs one cell, and with it the code that `after` gives once it has passed. Never throws for what the cell or the
   * kernel does.
   */
  async run(step: Step, after?: () => string): Promise<CellResult> {
    const run = this.#known.length;
    this.#known[run] = await this.#runNow(step, run);
    const result = this.#judge(run);
    if (!after || result.status !== "passed" || step.cell.action !== "run") return result;
    const others = await this.#inject(after(), step.cell.timeoutMs);
    this.#known[run] = { ...this.#known[run], others };
    return this.#judge(run);
  }

  /** Sets values without showing or storing anything; the failure where it did not work. */
  async #inject(source: string, timeoutMs: number): Promise<Failure[]> {
    const cell = extraCell(source, undefined, timeoutMs);
    const facts = await this.#runNow({ cell, rerun: false }, ofNoCell);
    const { status, failures } = cellResult(facts, this.options);
    if (status === "passed") return [];
    const why = failures[0]?.message ?? "it was not run";
    return [{ kind: "error", message: `The values of --param could not be set: ${why}` }];
  }

  async #runNow({ cell, rerun }: Step, run: number): Promise<CellFacts> {
    const started = performance.now();
    const ending = await this.#turnOf(cell, run);
    const durationMs = performance.now() - started;
    const unhandled = this.#unhandled;
    this.#unhandled = [];
    const outputs = this.#outputs.of(run);
    return { cell, rerun, ending, outputs, durationMs, unhandled, others: [], difference: undefined };
  }

  /** The results of all runs, with what came after they were reported: late output, updated displays. */
  results(): CellResult[] {
    return this.#known.map((_, run) => this.#judge(run));
  }

  /** Compares the outputs of runs that have passed; `difference` gives a failure where they are not the stored ones. */
  compare(difference: (cell: CellResult, planned: PlannedCell) => Failure | undefined): void {
    this.#known.forEach((known, run) => {
      const found = known.difference ? undefined : this.#differenceOf(run, difference);
      if (found) this.#change(run, { difference: found });
    });
  }

  #differenceOf(run: number, difference: Parameters<Session["compare"]>[0]): Failure | undefined {
    const { cell, rerun } = this.#known[run]!;
    const result = this.#judge(run);
    return rerun || cell.index < 0 || result.status !== "passed" ? undefined : difference(result, cell);
  }

  /**
   * Waits, within bounds, for what may still fail after the last cell. Resolves to sentences about what is left in the
   * kernel.
   */
  async settle(): Promise<string[]> {
    const last = this.#known.findLastIndex(
      ({ ending }) => ending.type === "replied" || ending.type === "stopped",
    );
    if (this.options.signal?.aborted || this.#isGone || last < 0) return [];
    const { exitCode, notes } = await this.#untilQuiet(true);
    const { exit } = this.kernel;
    if (exit && !this.#isGone) {
      this.#isGone = true;
      this.#add(last, this.#death("The kernel died after the last cell", exit.reason));
    } else if (exitCode !== 0) this.#add(...exitCodeFailure(exitCode, this.#facts(), last));
    const taken = [...this.#outputs.inWidgets].map((run) => this.#known[run]?.cell.number ?? 0);
    return [
      ...notes,
      ...taken.map((cell) => `Output of cell ${cell} went into an Output widget, which is not stored.`),
    ];
  }

  #add(run: number, failure: Failure): void {
    this.#change(run, { others: [...this.#known[run]!.others, failure] });
  }

  /** With the outputs as they are by now. */
  #facts(): CellFacts[] {
    return this.#known.map((known, run) => ({ ...known, outputs: this.#outputs.of(run) }));
  }

  /** Of a kernel that dies meanwhile nothing is left. */
  async #untilQuiet(finish: boolean, isDone = () => false): Promise<Rest> {
    const { settleMs, signal } = this.options;
    const done = () => isDone() || signal?.aborted === true || this.kernel.exit !== null;
    try {
      return await untilQuiet(this.kernel, { settleMs, finish, isDone: done });
    } catch (error) {
      if (!(error instanceof KernelDiedError)) throw error;
      return { exitCode: 0, notes: [] };
    }
  }

  /** Whether a cell has failed so far. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Lets no further cell run. */
  stop(): void {
    this.#stopped = true;
  }

  /** Ends the kernel and all it started. */
  async end(): Promise<void> {
    await this.opened?.shutdown({ graceMs: endGraceMs });
  }

  /** With the outputs as they are by now. */
  #judge(run: number): CellResult {
    const result = cellResult({ ...this.#known[run]!, outputs: this.#outputs.of(run) }, this.options);
    this.#hasFailed ||= result.status === "failed";
    return result;
  }

  #change(run: number, news: Partial<CellFacts>): void {
    this.#known[run] = { ...this.#known[run]!, ...news };
    this.options.onChange?.(this.#judge(run));
  }

  #reasonNotToRun(): string | null {
    if (this.#isGone) return "the kernel was gone";
    if (this.options.signal?.aborted) return String(this.options.signal.reason);
    return this.#stopped ? "an earlier cell failed (--fail-fast)" : null;
  }

  async #turnOf(cell: PlannedCell, run: number): Promise<Ending> {
    if (cell.action === "skip") return { type: "skipped" };
    const reason = this.#reasonNotToRun();
    if (reason) return { type: "not-run", reason };
    if (cell.action === "empty") return { type: "empty" };
    this.#outputs.start(run);
    const ending = await this.#execute(cell, run);
    if (cell.raises && ending.type === "replied" && ending.outcome.status === "ok")
      await this.#untilQuiet(false, () => this.#unhandled.length > 0);
    return ending;
  }

  async #execute(cell: PlannedCell, run: number): Promise<Ending> {
    const { exit } = this.kernel;
    if (exit) return this.#gone("The kernel died before this cell", exit.reason);
    const limit = new AbortController();
    const start = () => setTimeout(() => limit.abort(), cell.timeoutMs);
    let timer = start();
    // A kernel may load its compiler first; the cell's own time starts when the kernel says that it runs it.
    this.#onRunning = () => {
      clearTimeout(timer);
      timer = start();
    };
    try {
      return await this.#executeWithin(cell, run, limit.signal);
    } finally {
      this.#onRunning = () => {};
      clearTimeout(timer);
    }
  }

  async #executeWithin(cell: PlannedCell, run: number, limit: AbortSignal): Promise<Ending> {
    const giveUp = Date.now() + sendAgainForMs;
    for (;;) {
      const ending = await this.#executeOnce(cell, run, limit);
      if (ending.type !== "replied" || !wasAborted(ending.outcome) || Date.now() > giveUp) return ending;
      await sleep(sendAgainEveryMs);
    }
  }

  async #executeOnce(cell: PlannedCell, run: number, limit: AbortSignal): Promise<Ending> {
    const msgId = newId();
    this.#runOf.set(msgId, run);
    this.#ended.delete(run);
    const { signal } = this.options;
    const listening = new AbortController();
    const running = this.kernel.execute(cell.source, {
      msgId,
      userExpressions: expressionsFor(cell.source, this.language),
    });
    running.catch(() => {});
    try {
      const stops = [limit, signal].filter((stop): stop is AbortSignal => stop !== undefined);
      const first = await Promise.race([
        running,
        ...stops.map((stop) => whenAborted(stop, listening.signal)),
      ]);
      if (first !== "aborted") return { type: "replied", outcome: first };
      return { type: "stopped", failure: await this.#stop(cell, running, limit) };
    } catch (error) {
      if (!(error instanceof KernelDiedError)) throw error;
      return this.#gone("The kernel died while this cell ran", error.exit.reason);
    } finally {
      listening.abort();
    }
  }

  /** Interrupts, and ends the kernel where that does not help. */
  async #stop(cell: PlannedCell, running: Promise<ExecuteOutcome>, limit: AbortSignal): Promise<Failure> {
    const stopped = await this.#interrupt(running);
    if (!stopped) {
      this.#isGone = true;
      await this.end();
    }
    const how = stopped ? "it was interrupted" : "it did not stop when interrupted, so its kernel was ended";
    if (limit.aborted) {
      const message = `The cell was still running after ${seconds(cell.timeoutMs)}; ${how}. Give it longer with --timeout or the tag timeout:N.`;
      return { kind: "timeout", message };
    }
    return { kind: "interrupted", message: `${this.options.signal?.reason}; ${how}.` };
  }

  /** Whether the cell stopped. */
  async #interrupt(running: Promise<ExecuteOutcome>): Promise<boolean> {
    const settled = running.then(
      () => true,
      () => true,
    );
    const giveUp = Date.now() + (this.options.interruptGraceMs ?? defaultInterruptGraceMs);
    while (Date.now() < giveUp) {
      // A kernel that is stuck need not answer a request to stop, either.
      void this.kernel.interrupt().catch(() => {});
      if (await Promise.race([settled, sleep(Math.min(interruptAgainMs, giveUp - Date.now()), false)]))
        return true;
    }
    return false;
  }

  #gone(what: string, reason: string): Ending {
    this.#isGone = true;
    return { type: "stopped", failure: this.#death(what, reason) };
  }

  #death(what: string, reason: string): Failure {
    const output = this.kernel.output.trim();
    return { kind: "died", message: `${what}: ${reason}.`, trace: output === "" ? undefined : output };
  }

  #listen(message: Message): void {
    if (message.channel !== "iopub") return;
    const run = this.#runOf.get(message.parent_header.msg_id ?? "");
    if (run === undefined) return;
    if (message.header.msg_type === "execute_input") this.#onRunning();
    if (message.content.execution_state === "idle") this.#ended.add(run);
    const text = this.#outputs.apply(run, message) ? unhandledError(message) : null;
    if (text !== null) this.#note(run, text, String(message.content.text ?? ""));
  }

  #note(run: number, text: string, trace: string): void {
    const known = this.#known[run];
    if (known) this.#change(run, { unhandled: [...known.unhandled, { text, trace, came: "reported" }] });
    else this.#unhandled.push({ text, trace, came: this.#ended.has(run) ? "ended" : "running" });
  }
}
