/** One notebook from its file to its result. */
import { dirname, resolve } from "node:path";
import {
  findKernelspec,
  findKernelspecs,
  type Kernel,
  KernelStartError,
  type Kernelspec,
  KernelspecError,
  startKernel,
} from "../kernel-client";
import { fileStamp, type NotebookDocument, NotebookError, readNotebook } from "../nbformat";
import type { CompareOptions } from "./compare";
import { parameterProblem, parameterSource } from "./parameters";
import { type PlannedCell, plan, steps } from "./plan";
import { Session } from "./session";
import { checkOutputs, isFine, update, writeCopy } from "./store-outputs";
import type { CellResult, Listener, NotebookResult } from "./types";

export interface NotebookOptions {
  /** The kernelspec's name; default: what the notebook says. */
  kernel?: string;
  /** A cell's limit in ms, default 60,000. The tag `timeout:N` (seconds) goes before it. */
  timeoutMs?: number;
  /** The whole notebook's limit in ms, default none. */
  notebookTimeoutMs?: number;
  /** How long to listen after the last cell for failures that come late, in ms. Default 100. */
  settleMs?: number;
  /** How long a cell has to stop after an interrupt before its kernel is ended. Default 5,000 ms. */
  interruptGraceMs?: number;
  /** Runs every code cell a second time in the same kernel. */
  rerun?: boolean;
  /** Stops at the first cell that does not pass. */
  failFast?: boolean;
  /** Values set after the cell tagged `parameters`. */
  parameters?: Record<string, unknown>;
  /** Compares outputs with the stored ones. */
  check?: boolean;
  /** What may differ without counting. */
  compare?: CompareOptions;
  /** Writes outputs into the notebook, keeping the stored ones that a check would accept. */
  update?: boolean;
  /** Where to write an executed copy of a notebook; default nowhere. */
  copyTo?: (file: string) => string;
  /** Aborting it ends the run; its reason is a sentence. */
  signal?: AbortSignal;
}

/** A notebook that was read, with its kernel started. */
export interface OpenNotebook {
  file: string;
  document: NotebookDocument;
  /** The file as it was when it was read. */
  stamp: string;
  /** null where there is nothing to run. */
  kernel: Kernel | null;
}

export const defaultTimeoutMs = 60_000;
export const defaultSettleMs = 100;

/** Metadata may hold anything. */
const word = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** The kernel that a notebook asks for: by name, else by language. Throws `KernelspecError`. */
export function kernelFor(document: NotebookDocument, file: string, name?: string): Kernelspec {
  const folder = dirname(resolve(file));
  const { kernelspec, language_info } = document.notebook.metadata;
  const wanted = name ?? word(kernelspec?.name);
  if (wanted) return findKernelspec(wanted, folder);
  const language = word(kernelspec?.language) ?? word(language_info?.name);
  const specs = [...findKernelspecs(folder).values()];
  const found = specs.find((spec) => spec.language.toLowerCase() === language?.toLowerCase());
  if (found) return found;
  throw new KernelspecError(
    `The notebook names no kernel. Name one with --kernel; there are: ${specs.map((spec) => spec.name).join(", ") || "none"}.`,
  );
}

/**
 * Reads a notebook and starts its kernel in its folder.
 * Throws `NotebookError`, `KernelspecError` or `KernelStartError`.
 */
export async function openNotebook(file: string, options: NotebookOptions): Promise<OpenNotebook> {
  const stamp = await fileStamp(file);
  const document = await readNotebook(file);
  const cells = plan(document, 0);
  const problem = parameterProblem(cells, options.parameters ?? {});
  if (problem) throw new NotebookError(problem, { file });
  if (!cells.some((cell) => cell.action === "run")) return { file, document, stamp, kernel: null };
  const spec = kernelFor(document, file, options.kernel);
  const kernel = await startKernel(spec, { cwd: dirname(resolve(file)), signal: options.signal });
  return { file, document, stamp, kernel };
}

/** What a notebook that could not be opened counts as; rethrows what is a fault of ours. */
export function unopened(file: string, error: unknown): NotebookResult {
  const status =
    error instanceof NotebookError
      ? "bad-notebook"
      : error instanceof KernelspecError || error instanceof KernelStartError
        ? "no-kernel"
        : null;
  if (status === null) throw error;
  const problem = (error as Error).message;
  return { file, status, problem, kernel: undefined, cells: [], durationMs: 0, kernelOutput: "" };
}

/** A signal that follows another one and a limit of its own. */
function limited(
  signal: AbortSignal | undefined,
  ms: number | undefined,
  sentence: string,
): { signal: AbortSignal; done(): void } {
  const controller = new AbortController();
  const follow = () => controller.abort(signal?.reason);
  if (signal?.aborted) follow();
  signal?.addEventListener("abort", follow, { once: true });
  const timer = ms === undefined ? undefined : setTimeout(() => controller.abort(sentence), ms);
  return {
    signal: controller.signal,
    done() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", follow);
    },
  };
}

/** Runs every code cell of an open notebook and ends its kernel. Never throws for what the notebook does. */
export async function runNotebook(
  open: OpenNotebook,
  options: NotebookOptions,
  listener: Listener = () => {},
): Promise<NotebookResult> {
  const { file, document, kernel } = open;
  const started = performance.now();
  const { notebookTimeoutMs } = options;
  const limit = limited(
    options.signal,
    notebookTimeoutMs,
    `the notebook ran longer than ${(notebookTimeoutMs ?? 0) / 1000} s`,
  );
  const session = new Session(kernel, {
    cwd: dirname(resolve(file)),
    settleMs: options.settleMs ?? defaultSettleMs,
    interruptGraceMs: options.interruptGraceMs,
    signal: limit.signal,
    onLateFailure: (cell) => listener({ type: "cell-changed", file, cell }),
  });
  const cells = plan(document, options.timeoutMs ?? defaultTimeoutMs);
  listener({ type: "notebook-start", file, cells: cells.length });
  try {
    const results = await runCells(session, cells, options, file, listener);
    await session.settle();
    await session.end();
    session.refresh();
    const result: NotebookResult = {
      file,
      status: results.every(isFine) ? "passed" : "failed",
      problem: undefined,
      kernel: kernel?.spec.name,
      cells: results,
      durationMs: performance.now() - started,
      kernelOutput: kernel?.output ?? "",
    };
    await keep(open, result, options, listener).catch((error) => notStored(result, error));
    return result;
  } finally {
    limit.done();
    await session.end();
  }
}

/** The cells have run and are reported all the same; rethrows what is a fault of ours. */
function notStored(result: NotebookResult, error: unknown): void {
  if (!(error instanceof NotebookError)) throw error;
  result.status = "not-stored";
  result.problem = error.message;
}

/** Compares, finds the places of what failed, and writes. */
async function keep(
  { file, document, stamp }: OpenNotebook,
  result: NotebookResult,
  options: NotebookOptions,
  listener: Listener,
): Promise<void> {
  const { check, compare = {}, update: inPlace, copyTo } = options;
  if (check) {
    checkOutputs(document, result, compare);
    for (const cell of result.cells)
      if (cell.status === "differs") listener({ type: "cell-changed", file, cell });
  }
  for (const cell of result.cells) {
    const line = cell.failures.find((failure) => failure.line !== undefined)?.line;
    if (!isFine(cell)) cell.fileLine = document.lineOf(cell.index, line);
  }
  if (copyTo) {
    const copy = copyTo(file);
    await writeCopy(document, result, copy);
    result.copy = copy;
  }
  if (inPlace) await update(document, result, compare, stamp);
}

async function runCells(
  session: Session,
  cells: PlannedCell[],
  options: NotebookOptions,
  file: string,
  listener: Listener,
): Promise<CellResult[]> {
  const results: CellResult[] = [];
  for (const { cell: planned, rerun } of steps(cells, options.rerun)) {
    if (options.failFast && results.some((result) => result.status === "failed")) session.stop();
    listener({ type: "cell-start", file, number: planned.number, heading: planned.heading });
    const result = await session.run(planned, rerun);
    if (planned.parameters && !rerun && result.status === "passed")
      await setParameters(session, planned, result, options);
    results.push(result);
    listener({ type: "cell-end", file, cell: result });
  }
  return results;
}

async function setParameters(
  session: Session,
  cell: PlannedCell,
  result: CellResult,
  options: NotebookOptions,
): Promise<void> {
  const { parameters = {} } = options;
  if (Object.keys(parameters).length === 0) return;
  const source = parameterSource(cell.source, parameters, session.language);
  const problem = await session.inject(source, cell.timeoutMs);
  if (problem === null) return;
  result.status = "failed";
  result.failures.push({ kind: "error", message: `The values of --param could not be set: ${problem}` });
}
