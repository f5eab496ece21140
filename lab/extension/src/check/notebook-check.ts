/**
 * Runs an open notebook as `nb run --check` does, by the same code, in the kernel that JupyterLab shows. Loaded when it is
 * used first.
 */

import type { CodeCell } from "@jupyterlab/cells";
import { PageConfig } from "@jupyterlab/coreutils";
import { NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";
import type { Contents } from "@jupyterlab/services";
import type { Signal } from "@lumino/signaling";
import {
  badTags,
  type Cell,
  type CellResult,
  defaultTimeoutMs,
  differenceFrom,
  plan,
  Session,
  type Step,
  type CodeCell as StoredCell,
  steps,
} from "notebook-tools/run";
import { LabKernel } from "./lab-kernel";
import { foldersOf, storedFor } from "./text";
import { unlessAborted } from "./waiting";

export interface CheckOptions {
  panel: NotebookPanel;
  contents: Contents.IManager;
  /** Runs every cell a second time in the same kernel. */
  twice: boolean;
  /** Aborting it ends the check; its reason is a sentence. */
  signal: AbortSignal;
  /** Starts the kernel anew; false where the user does not want that. */
  restart(): Promise<boolean>;
  /** Told before each run of a cell. */
  onProgress(done: number, all: number): void;
}

export interface Checked {
  results: readonly CellResult[];
  /** The ids of the notebook's cells, by their places. */
  ids: readonly string[];
  /** What the file holds of each cell; undefined for one that is new. */
  stored: readonly (StoredCell | undefined)[];
}

/** The cells as they are now, with the outputs that the file holds. */
async function cellsOf({ panel, contents }: CheckOptions) {
  const { context, content } = panel;
  const file = await contents.get(context.path, { type: "notebook", content: true });
  const saved: StoredCell[] = file.content?.cells ?? [];
  const open = content.widgets.map(({ model }) => ({
    id: model.id,
    cell_type: model.type,
    source: model.sharedModel.getSource(),
    metadata: model.sharedModel.getMetadata(),
  }));
  const stored = storedFor(open, saved);
  const cells = open.map((cell, index) => {
    if (cell.cell_type !== "code") return cell as unknown as Cell;
    const { outputs = [], execution_count = null } = stored[index] ?? {};
    return { ...cell, outputs, execution_count } as unknown as Cell;
  });
  return { cells, ids: open.map(({ id }) => id), stored };
}

/** Shows in a cell that it runs, and what it puts out, as JupyterLab does where somebody runs it. */
function show(cell: CodeCell, kernel: LabKernel) {
  const { model } = cell;
  kernel.onExecute = (future) => {
    if (cell.isDisposed) return;
    model.sharedModel.transact(() => {
      model.clearExecution();
      cell.outputHidden = false;
    }, false);
    model.deleteMetadata("execution");
    model.executionState = "running";
    // What runs here is the reader's own doing, unlike what a file brought along.
    model.trusted = true;
    cell.outputArea.future = future;
    const end = (count: number | null) => {
      if (cell.isDisposed) return;
      model.executionCount = count;
      model.executionState = "idle";
    };
    future.done.then(
      ({ content }) => end(content.execution_count ?? null),
      () => end(null),
    );
  };
}

/** Runs the cells; undefined where the kernel was not to be started anew. Throws what makes that impossible. */
export async function check(options: CheckOptions): Promise<Checked | undefined> {
  const { panel, contents, twice, signal, restart, onProgress } = options;
  const { cells, ids, stored } = await cellsOf(options);
  const bad = badTags({ cells });
  if (bad) throw new Error(`Cell ${bad.cell}: ${bad.problem}`);
  if (!(await unlessAborted(restart(), signal))) return undefined;
  const connection = panel.sessionContext.session?.kernel;
  if (!connection) throw new Error("The notebook has no kernel to run it.");
  const all = steps(plan({ cells }, defaultTimeoutMs), twice);
  onProgress(0, all.length);
  const kernel = await LabKernel.on(connection, signal);
  const folders = foldersOf(PageConfig.getOption("serverRoot"), contents.localPath(panel.context.path));
  const session = new Session(kernel, { folders, lineOf: () => 1, signal });
  try {
    for (const [done, step] of all.entries()) {
      onProgress(done, all.length);
      await run(session, step, kernel, panel, ids);
    }
    await session.settle();
  } finally {
    kernel.release();
  }
  session.compare(differenceFrom({ cells }));
  return { results: session.results(), ids, stored };
}

/** JupyterLab's own, so that all who listen to runs, as the sections and the exercises do, hear of a check's. */
const signals = NotebookActions as unknown as Record<
  "executionScheduled" | "executed",
  Signal<object, object>
>;

/** The output of a second run is looked at and not kept, as by `nb run --rerun`. */
async function run(
  session: Session,
  step: Step,
  kernel: LabKernel,
  panel: NotebookPanel,
  ids: readonly string[],
) {
  const cell = panel.isDisposed
    ? undefined
    : panel.content.widgets.find(({ model }) => model.id === ids[step.cell.index]);
  kernel.onExecute = () => {};
  if (!cell || step.rerun) return void (await session.run(step));
  show(cell as CodeCell, kernel);
  const told = { notebook: panel.content, cell };
  signals.executionScheduled.emit(told);
  const { status } = await session.run(step);
  if (status === "passed" || status === "failed")
    signals.executed.emit({ ...told, success: status === "passed" });
}
