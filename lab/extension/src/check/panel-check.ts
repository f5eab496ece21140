/** The check of one notebook: runs, what it found, shown in the cells, and taken back. */
import {
  Dialog,
  type ISessionContext,
  type ISessionContextDialogs,
  Notification,
  showDialog,
} from "@jupyterlab/apputils";
import type { CodeCell } from "@jupyterlab/cells";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { ServiceManager } from "@jupyterlab/services";
import type { TranslationBundle } from "@jupyterlab/translation";
import { infoOf } from "../kernel-info";
import { type Checked, check } from "./notebook-check";
import { CellReport } from "./report";
import { byCell, findingOf, summaryOf } from "./text";
import { within } from "./waiting";

/** How long a kernel that has been started just now has to be heard before it is started anew, in ms. */
const hearMs = 15_000;
/** A wait that is longer is told, in ms. */
const tellMs = 500;

export interface Surroundings {
  services: ServiceManager.IManager;
  dialogs: ISessionContextDialogs;
  trans: TranslationBundle;
  /** A check began or ended. */
  onChange(): void;
  nextDifference: () => void;
}

/** A cell's output as the file holds it, and whether what runs in it was trusted before the check. */
interface Before {
  stored: Checked["stored"][number];
  trusted: boolean;
}

export class PanelCheck {
  #stop: AbortController | undefined;
  /** Of the notification that is shown. */
  #notification: string | undefined;
  readonly #reports = new Map<string, CellReport>();
  #before = new Map<string, Before>();

  constructor(
    readonly panel: NotebookPanel,
    readonly around: Surroundings,
  ) {
    panel.disposed.connect(() => this.stop());
  }

  get isRunning() {
    return this.#stop !== undefined;
  }

  get hasDifferences() {
    return this.#differing().length > 0;
  }

  get isChecked() {
    return this.#before.size > 0;
  }

  get #actions() {
    return [{ label: this.around.trans.__("Stop"), callback: () => this.stop() }];
  }

  stop() {
    this.#stop?.abort(this.around.trans.__("the check was stopped"));
  }

  async run(twice: boolean) {
    if (this.#stop) return;
    const { panel } = this;
    const { trans, services, onChange } = this.around;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    onChange();
    const trusted = new Map(panel.content.widgets.map(({ model }) => [model.id, model.trusted]));
    try {
      const checked = await check({
        panel,
        contents: services.contents,
        twice,
        signal,
        restart: async () => {
          const isWanted = await this.#restart(signal);
          if (isWanted) this.clear();
          return isWanted;
        },
        onProgress: (done, all) => {
          const message = trans.__("Running and checking: %1 of %2", String(done), String(all));
          this.#say(message, "in-progress", this.#actions);
        },
      });
      if (checked && !panel.isDisposed) this.#tell(checked, trusted);
      else this.#sayNothing();
    } catch (error) {
      this.#say(trans.__("The notebook could not be checked: %1", (error as Error).message), "error");
    } finally {
      this.#stop = undefined;
      onChange();
    }
  }

  /** One notification a notebook: the newest takes the place of the one before. */
  #say(
    message: string,
    type: "in-progress" | "success" | "warning" | "error",
    actions: { label: string; callback: () => void }[] = [],
  ) {
    const autoClose = { "in-progress": false, success: 5000, warning: 10_000, error: 10_000 } as const;
    const told = { message, type, autoClose: autoClose[type], actions };
    if (this.#notification && Notification.update({ id: this.#notification, ...told })) return;
    this.#notification = Notification.emit(message, type, told);
  }

  #sayNothing() {
    if (this.#notification) Notification.dismiss(this.#notification);
    this.#notification = undefined;
  }

  #tell({ results, ids, stored }: Checked, trusted: Map<string, boolean>) {
    const { trans, nextDifference } = this.around;
    this.#before = new Map(
      ids.map((id, place) => [id, { stored: stored[place], trusted: trusted.get(id) ?? false }]),
    );
    const translate = trans.__.bind(trans);
    for (const [place, runs] of byCell(results)) {
      const id = ids[place] ?? "";
      const { source } = runs[0]!;
      if (source.trim() !== "") this.#show(id, source, findingOf(runs, translate));
    }
    const hasStored = stored.some((cell) => (cell?.outputs ?? []).length > 0);
    const { text, isGood } = summaryOf(results, hasStored, translate);
    const first = { label: trans.__("Show the First"), callback: nextDifference };
    this.#sayNothing();
    this.#say(text, isGood ? "success" : "warning", this.hasDifferences ? [first] : []);
  }

  #show(id: string, source: string, finding: ReturnType<typeof findingOf>) {
    const cell = this.#cell(id);
    // Deleted meanwhile.
    if (!cell) return;
    const { trans } = this.around;
    const canTakeBack = (this.#before.get(id)?.stored?.outputs ?? []).length > 0;
    const report = new CellReport(
      cell,
      cell.model.sharedModel.getSource() === source
        ? finding
        : { status: "not-run", title: trans.__("Edited since it ran; check again"), detail: "" },
      trans,
      canTakeBack ? () => this.takeBack(id) : undefined,
    );
    this.#reports.set(id, report);
    const forget = () => this.forget(id);
    cell.model.contentChanged.connect(forget);
    report.disposed.connect(() => cell.model.contentChanged.disconnect(forget));
    void report.attach();
  }

  #cell(id: string): CodeCell | undefined {
    return this.panel.content.widgets.find(({ model }) => model.id === id) as CodeCell | undefined;
  }

  /** What was found in a cell does not hold any more: it was edited, or runs again. */
  forget(id: string) {
    this.#reports.get(id)?.dispose();
    this.#reports.delete(id);
    this.around.onChange();
  }

  clear() {
    for (const id of [...this.#reports.keys()]) this.forget(id);
    this.#before.clear();
  }

  /** The output of the file instead of that of the run. */
  takeBack(id: string) {
    const before = this.#before.get(id);
    const cell = this.#cell(id);
    if (!before?.stored || !cell) return;
    this.forget(id);
    const { outputs = [], execution_count = null } = before.stored;
    // First: what a stranger's file brought along must not be trusted because the cell ran meanwhile.
    cell.model.trusted = before.trusted;
    cell.model.outputs.fromJSON(outputs as never);
    cell.model.executionCount = execution_count;
  }

  takeAllBack() {
    for (const [id, { stored }] of this.#before) if (stored?.cell_type === "code") this.takeBack(id);
  }

  canTakeBack(id: string | undefined) {
    return id !== undefined && this.#before.get(id)?.stored?.cell_type === "code";
  }

  #differing(): CellReport[] {
    const { widgets } = this.panel.content;
    const reports = [...this.#reports.values()].filter(
      ({ finding: { status } }) => status === "differs" || status === "failed",
    );
    return reports.sort((a, b) => widgets.indexOf(a.cell) - widgets.indexOf(b.cell));
  }

  /** Goes to the next or (`step` -1) the previous cell that is not as stored, round the end. */
  go(step: 1 | -1) {
    const { content } = this.panel;
    const places = this.#differing().map((report) => ({ report, at: content.widgets.indexOf(report.cell) }));
    const { activeCellIndex: here } = content;
    const next =
      step > 0
        ? (places.find(({ at }) => at > here) ?? places[0])
        : (places.findLast(({ at }) => at < here) ?? places.at(-1));
    if (!next) return;
    content.activeCellIndex = next.at;
    void content.scrollToCell(next.report.cell, "smart");
    next.report.unfold(true);
  }

  /** Starts the kernel anew, once the user agrees; false where not. */
  async #restart(signal: AbortSignal): Promise<boolean> {
    const { sessionContext } = this.panel;
    const { dialogs, services, trans } = this.around;
    await this.#untilHeard(sessionContext);
    if (signal.aborted) return false;
    const { session } = sessionContext;
    if (!session?.kernel) {
      await dialogs.selectKernel(sessionContext);
      return Boolean(sessionContext.session?.kernel);
    }
    const others = [...services.sessions.running()].filter(
      ({ id, kernel }) => id !== session.id && kernel?.id === session.kernel?.id,
    );
    if (others.length === 0) return dialogs.restart(sessionContext);
    const names = others.map(({ name, path }) => name || path).join(", ");
    const { button } = await showDialog({
      title: trans.__("Restart Kernel?"),
      body: trans.__("The kernel is shared with %1, whose variables will be lost as well.", names),
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__("Restart") })],
    });
    if (!button.accept) return false;
    await sessionContext.restartKernel();
    return true;
  }

  /** A kernel that is started anew while Jupyter Server still connects to it may never be heard again. */
  async #untilHeard(context: ISessionContext) {
    const waiting = this.around.trans.__("Waiting for the kernel");
    const tell = () => this.#stop && this.#say(waiting, "in-progress", this.#actions);
    const timer = setTimeout(tell, tellMs);
    await context.ready;
    const kernel = context.session?.kernel;
    if (kernel) await within(infoOf(kernel), hearMs, () => new Error("not heard")).catch(() => {});
    clearTimeout(timer);
  }
}
