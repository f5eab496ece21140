/** The plugin that shows in the status bar what the event loop of the current notebook's kernel does. */
import "../../style/loop.css";
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IDocumentManager } from "@jupyterlab/docmanager";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { IStatusBar } from "@jupyterlab/statusbar";
import { ITranslator, type TranslationBundle } from "@jupyterlab/translation";
import { MessageLoop } from "@lumino/messaging";
import { Signal } from "@lumino/signaling";
import { packageName } from "../names";
import { loadTranslation } from "../translation";
import { NumberedCells, type Place } from "./cells";
import { History } from "./history";
import { LoopIndicator } from "./indicator";
import type { LoopState } from "./text";
import { LoopWatch } from "./watch";

/** Watches the kernel of the current notebook, while somebody can see the indicator. */
class LoopStatus {
  readonly activeStateChanged = new Signal<this, void>(this);
  readonly indicator: LoopIndicator;
  readonly #known = new WeakMap<NotebookPanel, { history: History<Place>; cells: NumberedCells }>();
  #watch: LoopWatch | undefined;
  #isTold = false;

  constructor(
    readonly tracker: INotebookTracker,
    readonly manager: IDocumentManager,
    trans: TranslationBundle,
  ) {
    const history = () =>
      (tracker.currentWidget && this.#known.get(tracker.currentWidget)?.history.blocks) ?? [];
    this.indicator = new LoopIndicator(trans, history);
    tracker.currentChanged.connect(this.#currentChanged, this);
    document.addEventListener("visibilitychange", () => this.#attend());
  }

  isActive = () => this.#isTold;

  #currentChanged(_: unknown, panel: NotebookPanel | null) {
    if (panel && !this.#known.has(panel)) {
      this.#known.set(panel, { history: new History(), cells: new NumberedCells(panel, this.manager) });
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
    const known = panel && this.#known.get(panel);
    if (state && known) {
      known.history.add(state, Date.now(), known.cells.find(state.at));
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
  requires: [INotebookTracker, IDocumentManager, IStatusBar],
  optional: [ITranslator],
  activate: async (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    manager: IDocumentManager,
    bar: IStatusBar,
    translator: ITranslator | null,
  ) => {
    const status = new LoopStatus(tracker, manager, await loadTranslation(translator));
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
