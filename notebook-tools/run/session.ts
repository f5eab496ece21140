/** One notebook in one kernel: started, run cell by cell, listened to until its end. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type ExecuteOutcome, type Kernel, KernelDiedError, type Message } from "../kernel-client";
import type { Output } from "../nbformat";
import { verdict, wasAborted } from "./cell-result";
import { count, NotebookOutputs } from "./outputs";
import { relativeOutputs, relativeText } from "./paths";
import type { PlannedCell } from "./plan";
import { lineOfError } from "./source-location";
import type { CellResult, Failure } from "./types";
import { unhandledError } from "./unhandled-errors";

export interface SessionOptions {
  /** The folder the kernel runs in. */
  cwd: string;
  /** How long to listen after the last cell for failures that come late, in ms. */
  settleMs: number;
  /** How long a cell has to stop after an interrupt before its kernel is ended. Default 5,000 ms. */
  interruptGraceMs?: number;
  /** Aborting it interrupts the running cell and lets no other start; its reason is a sentence for the report. */
  signal?: AbortSignal;
  /** A cell that had passed has failed after its `idle`. */
  onLateFailure?: (cell: CellResult) => void;
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

type Ran = { outcome: ExecuteOutcome } | { failure: Failure };

const seconds = (ms: number): string => `${Number((ms / 1000).toPrecision(3))} s`;

function whenAborted(signal: AbortSignal, stop: AbortSignal): Promise<"aborted"> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve("aborted");
    signal.addEventListener("abort", () => resolve("aborted"), { once: true, signal: stop });
  });
}

function blankResult(cell: PlannedCell, rerun: boolean): CellResult {
  const { index, number, heading, source } = cell;
  return {
    ...{ index, number, heading, source, rerun, status: "not-run", failures: [], outputs: [] },
    ...{ executionCount: null, durationMs: 0 },
  };
}

/** A failure that no cell awaits, as the kernel told it: in a line, and in full. */
interface Late {
  text: string;
  trace: string;
}

export class Session {
  readonly #outputs = new NotebookOutputs();
  /** Each time a cell runs is counted, for `rerun` runs it twice and late messages mean one of the two. */
  #runs = 0;
  readonly #runOf = new Map<string, number>();
  readonly #results = new Map<number, CellResult>();
  readonly #late = new Map<number, Late[]>();
  #lastRun: CellResult | null = null;
  #deathReported = false;
  #onRunning = () => {};
  #stopped = false;

  /** `opened` is null for a notebook without a cell to run. */
  constructor(
    private readonly opened: Kernel | null,
    private readonly options: SessionOptions,
  ) {
    opened?.onMessage((message) => this.#listen(message));
  }

  private get kernel(): Kernel {
    if (!this.opened) throw new Error("Expected a kernel for a notebook with cells to run, got none.");
    return this.opened;
  }

  /** The language of the kernel, as the kernel names it. */
  get language(): string {
    return String(this.kernel.info.language_info?.name ?? this.kernel.spec.language);
  }

  /** Runs one cell; never throws for what the cell or the kernel does. */
  async run(cell: PlannedCell, rerun = false): Promise<CellResult> {
    const blank = blankResult(cell, rerun);
    if (cell.action === "skip") return { ...blank, status: "skipped" };
    const reason = this.#reasonNotToRun();
    if (reason) return { ...blank, failures: [{ kind: "not-run", message: `Not run: ${reason}.` }] };
    if (cell.action === "empty") return { ...blank, status: "passed" };
    return this.#runNow(cell, blank);
  }

  async #runNow(cell: PlannedCell, blank: CellResult): Promise<CellResult> {
    const started = performance.now();
    const run = this.#runs++;
    this.#outputs.start(run);
    const ran = await this.#execute(cell, run);
    const outcome = "outcome" in ran ? ran.outcome : null;
    if (cell.raises && outcome?.status === "ok") await this.#awaitLateFailure(run);
    const failures =
      "failure" in ran
        ? [...this.#lateOf(cell, run, null), ran.failure]
        : this.#judge(cell, run, ran.outcome);
    const result: CellResult = {
      ...blank,
      status: failures.length > 0 ? "failed" : "passed",
      failures: failures.map((failure) => this.#readable(failure)),
      outputs: this.#outputsOf(run),
      executionCount: count(outcome?.reply.execution_count),
      durationMs: performance.now() - started,
    };
    this.#results.set(run, result);
    this.#lastRun = result;
    return result;
  }

  /**
   * Sets values without showing or storing anything. Returns why it did not work; null when it did.
   */
  async inject(source: string, timeoutMs: number): Promise<string | null> {
    const cell: PlannedCell = {
      ...{ index: -1, number: 0, heading: undefined, source, action: "run", raises: false },
      ...{ ignoreOutput: true, measured: false, parameters: false, timeoutMs },
    };
    const { status, failures } = await this.run(cell);
    return status === "passed" ? null : (failures[0]?.message ?? "it was not run");
  }

  /** Listens on for failures that come after the last cell. */
  async settle(): Promise<void> {
    const stopped = this.options.signal?.aborted || this.#deathReported || !this.#lastRun;
    if (stopped) return;
    await sleep(this.options.settleMs);
    const { exit } = this.kernel;
    if (!exit || this.#deathReported) return;
    this.#deathReported = true;
    this.#fail(this.#lastRun!, this.#death("The kernel died after the last cell", exit.reason));
  }

  /** Lets no further cell run. */
  stop(): void {
    this.#stopped = true;
  }

  /** Brings the results up to what came after them: late output, updated displays. */
  refresh(): void {
    for (const [run, result] of this.#results) result.outputs = this.#outputsOf(run);
  }

  /** Ends the kernel and all it started. */
  async end(): Promise<void> {
    await this.opened?.shutdown({ graceMs: endGraceMs });
  }

  #reasonNotToRun(): string | null {
    if (this.#deathReported) return "the kernel was gone";
    if (this.options.signal?.aborted) return String(this.options.signal.reason);
    return this.#stopped ? "an earlier cell failed (--fail-fast)" : null;
  }

  #outputsOf(run: number): Output[] {
    return relativeOutputs(this.#outputs.of(run), this.options.cwd);
  }

  /** What failed while the cell ran, apart from the cell itself. `count` is its execution count. */
  #lateOf(cell: PlannedCell, run: number, count: number | null): Failure[] {
    const when = "while the cell ran, in work that it or an earlier cell left behind";
    return (this.#late.get(run) ?? []).map((late) => asFailure(late, when, cell.source, count));
  }

  #readable(failure: Failure): Failure {
    const { message, trace } = failure;
    const { cwd } = this.options;
    return { ...failure, message: relativeText(message, cwd), trace: trace && relativeText(trace, cwd) };
  }

  #judge(cell: PlannedCell, run: number, outcome: ExecuteOutcome): Failure[] {
    const late = this.#lateOf(cell, run, outcome.reply.execution_count ?? null);
    // A rejection that nobody awaits is a failure too, so it satisfies raises-exception.
    if (cell.raises && late.length > 0 && outcome.status === "ok") return [];
    return [...verdict(cell, outcome, this.#outputs.of(run)), ...late];
  }

  async #execute(cell: PlannedCell, run: number): Promise<Ran> {
    const { exit } = this.kernel;
    if (exit) {
      this.#deathReported = true;
      return { failure: this.#death("The kernel died before this cell", exit.reason) };
    }
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), cell.timeoutMs);
    // A kernel may load its compiler first; the cell's own time starts when the kernel says that it runs it.
    this.#onRunning = () => timer.refresh();
    try {
      return await this.#executeWithin(cell, run, limit.signal);
    } finally {
      this.#onRunning = () => {};
      clearTimeout(timer);
    }
  }

  async #executeWithin(cell: PlannedCell, run: number, limit: AbortSignal): Promise<Ran> {
    const giveUp = Date.now() + sendAgainForMs;
    for (;;) {
      const ran = await this.#executeOnce(cell, run, limit);
      if (!("outcome" in ran) || !wasAborted(ran.outcome) || Date.now() > giveUp) return ran;
      await sleep(sendAgainEveryMs);
    }
  }

  async #executeOnce(cell: PlannedCell, run: number, limit: AbortSignal): Promise<Ran> {
    const msgId = randomUUID();
    this.#runOf.set(msgId, run);
    const { signal } = this.options;
    const listening = new AbortController();
    const running = this.kernel.execute(cell.source, { msgId });
    running.catch(() => {});
    try {
      const stops = [limit, signal].filter((stop): stop is AbortSignal => stop !== undefined);
      const first = await Promise.race([
        running,
        ...stops.map((stop) => whenAborted(stop, listening.signal)),
      ]);
      if (first !== "aborted") return { outcome: first };
      return { failure: await this.#stop(cell, running, limit) };
    } catch (error) {
      if (!(error instanceof KernelDiedError)) throw error;
      this.#deathReported = true;
      return { failure: this.#death("The kernel died while this cell ran", error.exit.reason) };
    } finally {
      listening.abort();
    }
  }

  /** Interrupts, and ends the kernel where that does not help. */
  async #stop(cell: PlannedCell, running: Promise<ExecuteOutcome>, limit: AbortSignal): Promise<Failure> {
    const stopped = await this.#interrupt(running);
    if (!stopped) {
      this.#deathReported = true;
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

  #death(what: string, reason: string): Failure {
    const output = this.kernel.output.trim();
    return { kind: "died", message: `${what}: ${reason}.`, trace: output === "" ? undefined : output };
  }

  #listen(message: Message): void {
    if (message.channel !== "iopub") return;
    const run = this.#runOf.get(message.parent_header.msg_id ?? "");
    if (run === undefined) return;
    if (message.header.msg_type === "execute_input") this.#onRunning();
    this.#outputs.apply(run, message);
    const text = unhandledError(message);
    if (text !== null) this.#noteLate(run, { text, trace: String(message.content.text ?? "") });
  }

  #noteLate(run: number, late: Late): void {
    const result = this.#results.get(run);
    if (!result) this.#late.set(run, [...(this.#late.get(run) ?? []), late]);
    else {
      const { source, executionCount } = result;
      this.#fail(result, asFailure(late, "after the cell had ended", source, executionCount));
    }
  }

  #fail(result: CellResult, failure: Failure): void {
    result.failures.push(this.#readable(failure));
    result.status = "failed";
    this.options.onLateFailure?.(result);
  }

  async #awaitLateFailure(run: number): Promise<void> {
    const until = Date.now() + this.options.settleMs;
    while (!this.#late.has(run) && Date.now() < until) await sleep(10);
  }
}

function asFailure({ text, trace }: Late, when: string, source: string, count: number | null): Failure {
  const line = lineOfError(source, trace, text, count);
  return { kind: "late", message: `${text} (${when})`, trace: trace.trimEnd(), line };
}
