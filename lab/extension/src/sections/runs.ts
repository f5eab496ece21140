/** How far the notebooks that were open in this session are. */
import {
  type INotebookTracker,
  type Notebook,
  NotebookActions,
  type NotebookPanel,
} from "@jupyterlab/notebook";
import { type CellRun, type Progress, progressOf } from "./text";

/** What is typed is looked at once it pauses, in ms. */
const pauseMs = 300;

function codeOf({ content }: NotebookPanel): Map<string, string> {
  const cells = content.widgets.map(({ model }) => model).filter(({ type }) => type === "code");
  const sources = cells.map(({ id, sharedModel }) => [id, sharedModel.getSource()] as const);
  return new Map(sources.filter(([, source]) => source.trim() !== ""));
}

export class Runs {
  /** By path, then by cell. */
  readonly #runs = new Map<string, Map<string, CellRun>>();
  readonly #progress = new Map<string, Progress>();
  readonly #watched = new WeakSet<NotebookPanel>();
  /** What the cells that wait or run said when they were begun. */
  readonly #sources = new WeakMap<object, string>();

  /** `changed` is called with the path of a notebook that is further than before. */
  constructor(
    readonly tracker: INotebookTracker,
    readonly changed: (path: string) => void,
  ) {
    NotebookActions.executionScheduled.connect((_, { cell: { model } }) => {
      this.#sources.set(model, model.sharedModel.getSource());
    });
    NotebookActions.executed.connect((_, { notebook, cell: { model }, success }) => {
      const source = this.#sources.get(model) ?? model.sharedModel.getSource();
      if (model.type === "code") this.#note(notebook, model.id, { isOk: success, source });
    });
  }

  progressOf(path: string): Progress {
    return this.#progress.get(path);
  }

  #note(notebook: Notebook, cell: string, run: CellRun) {
    const panel = this.tracker.find(({ content }) => content === notebook);
    if (!panel) return;
    const { path } = panel.context;
    this.#runs.set(path, (this.#runs.get(path) ?? new Map<string, CellRun>()).set(cell, run));
    this.#look(panel);
    if (this.#watched.has(panel)) return;
    this.#watched.add(panel);
    let timer: ReturnType<typeof setTimeout> | undefined;
    panel.context.model.contentChanged.connect(() => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#look(panel), pauseMs);
    });
  }

  #look(panel: NotebookPanel) {
    if (panel.isDisposed) return;
    const { path } = panel.context;
    const progress = progressOf(codeOf(panel), this.#runs.get(path) ?? new Map());
    if (progress === this.#progress.get(path)) return;
    this.#progress.set(path, progress);
    this.changed(path);
  }
}
