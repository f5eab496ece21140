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
import { notebookStatus, notesOn } from "./cell-result";
import type { CompareOptions } from "./compare";
import { differenceFrom } from "./differences";
import { parameterProblem, parameterSource } from "./parameters";
import { foldersOf } from "./paths";
import { badTags, defaultTimeoutMs, type PlannedNotebook, plan, steps } from "./plan";
import { Session, type SessionOptions } from "./session";
import { update, writeCopy } from "./store-outputs";
import type { Listener, NotebookResult } from "./types";

export interface NotebookOptions {
  /** The kernelspec's name; default: what the notebook says. */
  kernel?: string;
  /** A cell's limit in ms, default 60,000. The tag `timeout:N` (seconds) goes before it. */
  timeoutMs?: number;
  /** The whole notebook's limit in ms, default none. */
  notebookTimeoutMs?: number;
  /**
   * How long to wait at most after the last cell for failures that come late, in ms. Default 5,000 for a kernel that
   * tells whether something is left that may fail, and then only as long as there is; 100 for any other.
   */
  settleMs?: number;
  /** How long a cell has to stop after an interrupt before its kernel is ended. Default 5,000 ms. */
  interruptGraceMs?: number;
  /** Runs every code cell a second time in the same kernel. */
  rerun?: boolean;
  /** Stops at the first cell that does not pass. */
  failFast?: boolean;
  /** Values set after the cell tagged `parameters`. */
  parameters?: Record<string, unknown>;
  /** A notebook without a cell to run fails, since it tests nothing. */
  requireCode?: boolean;
  /** A cell fails whose last shell command (`!command`, in IPython's kernel) ended with another code than 0. */
  shellErrors?: boolean;
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
export interface OpenNotebook extends PlannedNotebook {
  /** The file as it was when it was read. */
  stamp: string;
  /** null where there is nothing to run. */
  kernel: Kernel | null;
  /** What the reader of a report should know. */
  notes: readonly string[];
}

/** Metadata may hold anything. */
const word = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

interface Choice {
  spec: Kernelspec;
  /** What the reader of a report should know of the choice. */
  notes: string[];
}

/** The kernel that a notebook asks for: by name, else by language; else the only one. Throws `KernelspecError`. */
function chooseKernel({ file, document }: PlannedNotebook, name?: string): Choice {
  const folder = dirname(resolve(file));
  const { kernelspec, language_info } = document.notebook.metadata;
  const wanted = name ?? word(kernelspec?.name);
  if (wanted) return { spec: findKernelspec(wanted, folder), notes: [] };
  const language = word(kernelspec?.language) ?? word(language_info?.name);
  const specs = [...findKernelspecs(folder).values()];
  const found = specs.filter((spec) => !language || spec.language.toLowerCase() === language.toLowerCase());
  const [spec] = found;
  if (!spec || (!language && found.length > 1))
    throw new KernelspecError(
      `The notebook names no kernel${language ? `, and there is none for ${language}` : ""}. Name one with --kernel; there are: ${specs.map((spec) => spec.name).join(", ") || "none"}.`,
    );
  const why = found.length > 1 ? `the first of ${found.length}` : "the only one";
  const note = `The notebook names no kernel; it ran with ${spec.name}, ${why}${language ? ` for ${language}` : ""}.`;
  return { spec, notes: [note] };
}

/** Which cells of a notebook run, and how. Throws `NotebookError` where tags or parameters do not fit. */
export function planNotebook(document: NotebookDocument, options: NotebookOptions): PlannedNotebook {
  const { file } = document;
  const cells = plan(document, options.timeoutMs ?? defaultTimeoutMs);
  const bad = badTags(document);
  if (bad) throw new NotebookError(bad.problem, { file, cell: bad.cell });
  const problem = parameterProblem(cells, options.parameters ?? {});
  if (problem) throw new NotebookError(problem, { file });
  return { file, document, cells };
}

/** IPython's kernel would write what runs into a person's own history, in ~/.ipython; nbclient keeps it in memory, too. */
function withoutHistory(spec: Kernelspec): Kernelspec {
  const isIpython = spec.argv.some((argument) => /^ipykernel(?:_launcher)?$/.test(argument));
  return isIpython ? { ...spec, argv: [...spec.argv, "--HistoryManager.hist_file=:memory:"] } : spec;
}

/** Starts a notebook's kernel in its folder; none where nothing is to run. Throws `KernelspecError` or `KernelStartError`. */
export async function startKernelOf(
  notebook: PlannedNotebook,
  { kernel: name, signal }: NotebookOptions,
): Promise<Pick<OpenNotebook, "kernel" | "notes">> {
  if (!notebook.cells.some((cell) => cell.action === "run")) return { kernel: null, notes: [] };
  const { spec, notes } = chooseKernel(notebook, name);
  const cwd = dirname(resolve(notebook.file));
  return { kernel: await startKernel(withoutHistory(spec), { cwd, signal }), notes };
}

/**
 * Reads a notebook and starts its kernel in its folder.
 * Throws `NotebookError`, `KernelspecError` or `KernelStartError`.
 */
export async function openNotebook(file: string, options: NotebookOptions): Promise<OpenNotebook> {
  const stamp = await fileStamp(file);
  const planned = planNotebook(await readNotebook(file), options);
  return { ...planned, stamp, ...(await startKernelOf(planned, options)) };
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
  return { file, status, problem, kernel: undefined, cells: [], durationMs: 0, kernelOutput: "", notes: [] };
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
  const session = openSession(open, kernel, {
    ...options,
    signal: limit.signal,
    onChange: (cell) => listener({ type: "cell-changed", file, cell }),
  });
  listener({ type: "notebook-start", file, cells: open.cells.length });
  try {
    await runCells(session, open, options, listener);
    const notes = [...open.notes, ...(await session.settle())];
    await session.end();
    if (options.check) session.compare(differenceFrom(document, options.compare));
    const cells = session.results();
    const result: NotebookResult = {
      file,
      ...notebookStatus(cells, options),
      kernel: kernel?.spec.name,
      cells,
      durationMs: performance.now() - started,
      kernelOutput: kernel?.output ?? "",
      notes: [...notes, ...notesOn(cells, options)],
    };
    return { ...result, ...(await stored(open, result, options)) };
  } finally {
    limit.done();
    await session.end();
  }
}

/** The session of a notebook in its kernel. */
export function openSession(
  { file, document }: PlannedNotebook,
  kernel: Kernel | null,
  options: Pick<NotebookOptions, "settleMs" | "shellErrors"> &
    Pick<SessionOptions, "interruptGraceMs" | "signal" | "onChange">,
): Session {
  const { settleMs, shellErrors, interruptGraceMs, signal, onChange } = options;
  const lineOf = (cell: number, line?: number) => document.lineOf(cell, line);
  return new Session(kernel, {
    folders: foldersOf(dirname(resolve(file))),
    lineOf,
    shellErrors,
    settleMs,
    interruptGraceMs,
    signal,
    onChange,
  });
}

/** Writes the outputs where they are wanted; the cells have run and are reported all the same where that fails. */
async function stored(
  open: OpenNotebook,
  result: NotebookResult,
  { compare, update: inPlace, copyTo }: NotebookOptions,
): Promise<Partial<NotebookResult>> {
  const copy = copyTo?.(open.file);
  try {
    if (copy !== undefined) await writeCopy(open, result.cells, copy);
  } catch (error) {
    return notStored(error);
  }
  try {
    if (inPlace) await update(open, result.cells, compare, open.stamp);
    return { copy };
  } catch (error) {
    return { copy, ...notStored(error) };
  }
}

/** Rethrows what is a fault of ours. */
function notStored(error: unknown): Partial<NotebookResult> {
  if (!(error instanceof NotebookError)) throw error;
  return { status: "not-stored", problem: error.message };
}

async function runCells(
  session: Session,
  { file, cells }: OpenNotebook,
  options: NotebookOptions,
  listener: Listener,
): Promise<void> {
  const { parameters = {}, rerun, failFast } = options;
  for (const step of steps(cells, rerun)) {
    const { number, heading, source } = step.cell;
    if (failFast && session.hasFailed) session.stop();
    listener({ type: "cell-start", file, number, heading });
    const setsValues = step.cell.parameters && !step.rerun && Object.keys(parameters).length > 0;
    const values = () => parameterSource(source, parameters, session.language);
    const cell = await session.run(step, setsValues ? values : undefined);
    listener({ type: "cell-end", file, cell });
  }
}
