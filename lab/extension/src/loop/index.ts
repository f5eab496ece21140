/** The plugin that shows in the status bar what the event loop of the current notebook's kernel does. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { IStatusBar } from "@jupyterlab/statusbar";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { MessageLoop } from "@lumino/messaging";
import { Signal } from "@lumino/signaling";
import { domain, packageName } from "../names";
import { History } from "./history";
import { type CellPlace, LoopIndicator } from "./indicator";
import { cellTitle, type LoopState } from "./text";
import { LoopWatch } from "./watch";

function runningCell(panel: NotebookPanel): CellPlace | undefined {
  const { content } = panel;
  const index = content.widgets.findIndex(
    ({ model }) => (model as { executionState?: unknown }).executionState === "running",
  );
  const cell = content.widgets[index];
  if (!cell) return undefined;
  const reveal = () => {
    if (cell.isDisposed) return;
    content.activeCellIndex = content.widgets.indexOf(cell);
    void content.scrollToCell(cell);
    content.activate();
  };
  return { title: cellTitle(cell.model.sharedModel.getSource()), reveal };
}

/** Watches the kernel of the current notebook, while somebody can see the indicator. */
class LoopStatus {
  readonly activeStateChanged = new Signal<this, void>(this);
  readonly indicator: LoopIndicator;
  readonly #histories = new WeakMap<NotebookPanel, History<CellPlace>>();
  #watch: LoopWatch | undefined;
  #isTold = false;

  constructor(
    readonly tracker: INotebookTracker,
    translator: ITranslator,
  ) {
    const trans = translator.load(domain);
    const history = () => (tracker.currentWidget && this.#histories.get(tracker.currentWidget)?.blocks) ?? [];
    this.indicator = new LoopIndicator(trans, history);
    tracker.currentChanged.connect(this.#currentChanged, this);
    document.addEventListener("visibilitychange", () => this.#attend());
  }

  isActive = () => this.#isTold;

  readonly #known = new WeakSet<NotebookPanel>();

  #currentChanged(_: unknown, panel: NotebookPanel | null) {
    if (panel && !this.#known.has(panel)) {
      this.#known.add(panel);
      panel.sessionContext.kernelChanged.connect(() => this.#attend());
      panel.disposed.connect(() => this.#attend());
    }
    this.#attend();
  }

  /** Watches what is to be watched now, and nothing else. */
  #attend() {
    const panel = this.tracker.currentWidget;
    const kernel = panel?.isDisposed ? undefined : panel?.sessionContext.session?.kernel;
    const isSeen = document.visibilityState === "visible" && this.indicator.parent?.isVisible;
    const wanted = isSeen ? kernel : undefined;
    if ((wanted ?? undefined) === this.#watch?.kernel) return;
    this.#watch?.dispose();
    this.#watch = undefined;
    this.#tell(undefined);
    if (panel && wanted) this.#watch = new LoopWatch(wanted, (state) => this.#tell(state, panel));
  }

  #tell(state: LoopState | undefined, panel?: NotebookPanel) {
    if (state && panel) {
      const history = this.#histories.get(panel) ?? new History<CellPlace>();
      this.#histories.set(panel, history);
      history.add(state, Date.now(), runningCell(panel));
      this.indicator.tell(state);
    }
    if (this.#isTold === (state !== undefined)) return;
    this.#isTold = state !== undefined;
    this.activeStateChanged.emit();
  }

  /** Once the status bar stands. */
  begin() {
    // Asked of the bar: the item is hidden, and hears nothing, until a kernel has told something.
    const bar = this.indicator.parent;
    if (bar)
      MessageLoop.installMessageHook(bar, (_, { type }) => {
        if (type === "after-show" || type === "after-hide") queueMicrotask(() => this.#attend());
        return true;
      });
    this.#currentChanged(undefined, this.tracker.currentWidget);
  }
}

export const loopPlugin: JupyterFrontEndPlugin<void> = {
  id: `${packageName}:loop`,
  description: "Shows in the status bar whether the event loop of the notebook's kernel is free or blocked.",
  autoStart: true,
  requires: [INotebookTracker, IStatusBar],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    bar: IStatusBar,
    translator: ITranslator | null,
  ) => {
    const status = new LoopStatus(tracker, translator ?? nullTranslator);
    const { indicator, isActive, activeStateChanged } = status;
    bar.registerStatusItem(loopPlugin.id, {
      item: indicator,
      align: "left",
      rank: 3,
      isActive,
      activeStateChanged,
    });
    void app.restored.then(() => status.begin());
  },
};
