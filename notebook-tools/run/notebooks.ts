/** Many notebooks: several at once, each with the next one's kernel ready when it ends. */
import { type NotebookOptions, type OpenNotebook, openNotebook, runNotebook, unopened } from "./notebook";
import type { Listener, NotebookResult, RunResult } from "./types";

export interface RunOptions extends NotebookOptions {
  /** How many notebooks run at once. Default 1. */
  jobs?: number;
  /** How long notebooks took before, in ms: of several at once the longest start first, so that none is left to the end. */
  durations?: ReadonlyMap<string, number>;
  /**
   * Whether the result of the whole run holds the outputs of cells. Default true. Without them, memory does not grow with
   * the number of notebooks; each `notebook-end` has them in any case.
   */
  keepOutputs?: boolean;
}

type Opening = Promise<OpenNotebook>;

/** Notebooks in the order in which they run; the next can be opened ahead of its turn. */
class Queue {
  #next = 0;
  /** Opened ahead, and not handed over yet: by its place in the queue. */
  readonly #ahead = new Map<number, Opening>();

  constructor(
    readonly files: readonly string[],
    private readonly open: (file: string) => Opening,
  ) {}

  take(): { file: string; opening(): Opening } | null {
    const index = this.#next;
    if (index >= this.files.length) return null;
    this.#next++;
    return { file: this.files[index]!, opening: () => this.#handOver(index) };
  }

  /** Starts a spare kernel for the first notebook in the queue that has none, unless there are enough. */
  prepare(spares: number): void {
    const waiting = Array.from({ length: spares }, (_, i) => this.#next + i);
    const index = waiting.find((at) => at < this.files.length && !this.#ahead.has(at));
    if (index === undefined) return;
    const opening = this.open(this.files[index]!);
    // Whoever takes it hears of its failure.
    opening.catch(() => {});
    this.#ahead.set(index, opening);
  }

  /** From here on the kernel is the caller's to end. */
  #handOver(index: number): Opening {
    const opening = this.#ahead.get(index) ?? this.open(this.files[index]!);
    this.#ahead.delete(index);
    return opening;
  }

  /** Ends the kernels that were started ahead and never used. */
  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#ahead.values());
    await Promise.all(
      opened.map((one) => one.status === "fulfilled" && one.value.kernel?.shutdown({ graceMs: 200 })),
    );
  }
}

const notRun = (file: string): NotebookResult => ({
  file,
  status: "not-run",
  problem: undefined,
  kernel: undefined,
  cells: [],
  durationMs: 0,
  kernelOutput: "",
  notes: [],
});

/**
 * Runs notebooks and gives a result for each, in the order of `files`. A notebook that fails in any way is a
 * result, never an exception.
 */
export async function runNotebooks(
  files: readonly string[],
  options: RunOptions = {},
  listener: Listener = () => {},
): Promise<RunResult> {
  const started = performance.now();
  const jobs = Math.min(options.jobs ?? 1, files.length);
  const stop = new AbortController();
  const follow = () => stop.abort(options.signal?.reason);
  if (options.signal?.aborted) follow();
  options.signal?.addEventListener("abort", follow, { once: true });
  const inner = { ...options, signal: stop.signal };
  const queue = new Queue(jobs > 1 ? longestFirst(files, options.durations) : files, (file) =>
    openNotebook(file, inner),
  );
  const results = new Map<string, NotebookResult>();
  listener({ type: "run-start", files: [...files] });

  const worker = async () => {
    for (let turn = queue.take(); turn; turn = queue.take()) {
      if (stop.signal.aborted) continue;
      const result = await runOne(turn.file, turn.opening(), inner, listener, () => queue.prepare(jobs));
      results.set(turn.file, options.keepOutputs === false ? withoutOutputs(result) : result);
      listener({ type: "notebook-end", notebook: result });
      if (options.failFast && result.status !== "passed")
        stop.abort("--fail-fast: an earlier notebook failed");
    }
  };
  try {
    await Promise.all(Array.from({ length: jobs }, worker));
  } finally {
    await queue.close();
    options.signal?.removeEventListener("abort", follow);
  }
  const stopped = stop.signal.aborted ? String(stop.signal.reason) : undefined;
  const run = {
    notebooks: files.map((file) => results.get(file) ?? notRun(file)),
    durationMs: performance.now() - started,
    stopped,
  };
  listener({ type: "run-end", run });
  return run;
}

const withoutOutputs = (result: NotebookResult): NotebookResult => ({
  ...result,
  cells: result.cells.map((cell) => ({ ...cell, outputs: [] })),
});

function longestFirst(
  files: readonly string[],
  durations: ReadonlyMap<string, number> = new Map(),
): string[] {
  // One that never ran may take long, too.
  const lasting = (file: string) => durations.get(file) ?? Number.MAX_VALUE;
  return [...files].sort((a, b) => lasting(b) - lasting(a));
}

async function runOne(
  file: string,
  opening: Opening,
  options: RunOptions,
  listener: Listener,
  prepareNext: () => void,
): Promise<NotebookResult> {
  let open: OpenNotebook;
  try {
    open = await opening;
  } catch (error) {
    // Given up while the kernel started.
    return options.signal?.aborted ? notRun(file) : unopened(file, error);
  }
  // A spare that starts at once would compete with this notebook's first cell; after it, it costs nothing.
  let prepared = false;
  const result = await runNotebook(open, options, (event) => {
    listener(event);
    if (prepared || event.type !== "cell-end") return;
    prepared = true;
    prepareNext();
  });
  if (!prepared) prepareNext();
  return result;
}
