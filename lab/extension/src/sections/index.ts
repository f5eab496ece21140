/** The plugin with the sections of the current notebook's folder, and the commands to the next and the previous one. */
import "../../style/sections.css";
import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IDocumentManager } from "@jupyterlab/docmanager";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { ITranslator, type TranslationBundle } from "@jupyterlab/translation";
import { caretLeftIcon, caretRightIcon, listIcon } from "@jupyterlab/ui-components";
import { Signal } from "@lumino/signaling";
import { command, packageName } from "../names";
import { loadTranslation } from "../translation";
import { SectionFolder } from "./folder";
import { SectionsPanel } from "./panel";
import { placeIn, showPlace } from "./place";
import { Runs } from "./runs";
import { folderOf, languageName, neighbour, otherEdition } from "./text";

class Sections {
  readonly panel: SectionsPanel;
  /** What the commands do may have changed. */
  readonly changed = new Signal<this, void>(this);
  /** A setting. */
  endsLeftKernels = false;
  readonly #runs: Runs;
  #folder: SectionFolder;

  constructor(
    readonly manager: IDocumentManager,
    readonly tracker: INotebookTracker,
    trans: TranslationBundle,
  ) {
    const { contents } = manager.services;
    this.#folder = new SectionFolder(contents, "");
    this.panel = new SectionsPanel(trans, {
      open: (path) => this.open(path),
      switchEdition: () => this.switchEdition(),
      becameVisible: () => void this.update(),
    });
    this.#runs = new Runs(tracker, (path) => this.#renderOne(path));
    tracker.currentChanged.connect(() => void this.update());
    contents.fileChanged.connect((_, { oldValue, newValue }) => {
      const paths = [oldValue?.path, newValue?.path];
      if (paths.some((path) => path !== undefined && folderOf(path) === this.#folder.folder))
        void this.update();
    });
  }

  get current(): NotebookPanel | null {
    return this.tracker.currentWidget;
  }

  /** Where the command that goes `step` sections on leads to. */
  neighbour(step: number): string | undefined {
    return neighbour(this.#folder.paths, this.current?.context.path ?? "", step);
  }

  get otherEdition() {
    return otherEdition(this.#folder.editions, this.current?.context.path ?? "");
  }

  /** Looks at the folder of the current notebook again. Titles are read only where they can be seen. */
  async update() {
    const path = this.current?.context.path;
    const name = path === undefined ? this.#folder.folder : folderOf(path);
    if (name !== this.#folder.folder) this.#folder = new SectionFolder(this.manager.services.contents, name);
    const folder = this.#folder;
    this.#render();
    await folder.list();
    if (folder !== this.#folder) return;
    this.#render();
    if (this.panel.isVisible)
      await folder.read(({ path }) => folder === this.#folder && this.#renderOne(path));
  }

  #renderOne(path: string) {
    this.panel.renderOne(this.#folder.section(path), this.#runs.progressOf(path));
  }

  #render() {
    this.changed.emit();
    if (!this.panel.isVisible) return;
    this.panel.render({
      sections: this.#folder.paths.map((path) => this.#folder.section(path)),
      current: this.current?.context.path,
      otherLanguage: this.otherEdition?.language,
      progress: (path) => this.#runs.progressOf(path),
    });
  }

  /** Opens a section in place of the current one, whose tab stays if it has unsaved changes or the other does not open. */
  open(path: string, place?: string) {
    const left = this.current;
    if (left?.context.path === path) return void left.activate();
    const isListed = left !== null && this.#folder.paths.includes(left.context.path);
    const beside = left ? ({ ref: left.id, mode: "tab-after" } as const) : {};
    const opened = this.manager.openOrReveal(path, undefined, undefined, beside);
    if (opened && place !== undefined) void showPlace(opened as NotebookPanel, place);
    if (left && isListed) void opened?.context.ready.then(() => this.#leave(left));
  }

  #leave(panel: NotebookPanel) {
    if (panel.isDisposed || panel.context.model.dirty) return;
    const { session } = panel.sessionContext;
    const left = session?.kernel && { session: session.id, kernel: session.kernel.id };
    const isIdle = session?.kernel?.status === "idle";
    panel.close();
    if (this.endsLeftKernels && left && isIdle) void this.#endUnlessShared(left).catch(() => {});
  }

  async #endUnlessShared(left: { session: string; kernel: string }) {
    const { sessions } = this.manager.services;
    // Soon after the page was loaded the list may be older than the session.
    await sessions.refreshRunning();
    const users = [...sessions.running()].filter(({ kernel }) => kernel?.id === left.kernel);
    if (users.length === 1) await sessions.shutdown(left.session);
  }

  go(step: number) {
    const to = this.neighbour(step);
    if (to !== undefined) this.open(to);
  }

  switchEdition() {
    const { current, otherEdition } = this;
    if (current && otherEdition) this.open(otherEdition.path, placeIn(current));
  }
}

function addCommands(
  { commands }: JupyterFrontEnd,
  sections: Sections,
  palette: ICommandPalette | null,
  showPanel: () => void,
) {
  const { trans } = sections.panel;
  const category = trans.__("Sections");
  const all = {
    "show-sections": { label: trans.__("Show Sections"), execute: showPanel },
    "previous-section": {
      label: trans.__("Previous Section"),
      icon: caretLeftIcon,
      isVisible: () => sections.neighbour(-1) !== undefined || sections.neighbour(1) !== undefined,
      isEnabled: () => sections.neighbour(-1) !== undefined,
      execute: () => sections.go(-1),
    },
    "next-section": {
      label: trans.__("Next Section"),
      icon: caretRightIcon,
      isVisible: () => sections.neighbour(-1) !== undefined || sections.neighbour(1) !== undefined,
      isEnabled: () => sections.neighbour(1) !== undefined,
      execute: () => sections.go(1),
    },
    "switch-edition": {
      label: ({ isToolbar }: { isToolbar?: unknown }) => {
        const name = languageName(sections.otherEdition?.language ?? "en");
        return isToolbar ? name : trans.__("This Section in Another Language: %1", name);
      },
      caption: trans.__("This section in another language, at the same place"),
      isVisible: () => sections.otherEdition !== undefined,
      isEnabled: () => sections.otherEdition !== undefined,
      execute: () => sections.switchEdition(),
    },
  };
  for (const [name, options] of Object.entries(all)) {
    commands.addCommand(command(name), options);
    palette?.addItem({ command: command(name), category });
    sections.changed.connect(() => commands.notifyCommandChanged(command(name)));
  }
}

export const sectionsPlugin: JupyterFrontEndPlugin<void> = {
  id: `${packageName}:sections`,
  description: "Lists the numbered notebooks of a folder by their titles, and goes from one to the next.",
  autoStart: true,
  requires: [INotebookTracker, IDocumentManager, ILabShell],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer, ISettingRegistry],
  activate: async (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    manager: IDocumentManager,
    shell: ILabShell,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
  ) => {
    const trans = await loadTranslation(translator);
    const sections = new Sections(manager, tracker, trans);
    const { panel } = sections;
    panel.id = "threads-and-loop-sections";
    panel.title.icon = listIcon;
    panel.title.caption = trans.__("Sections");
    shell.add(panel, "left", { rank: 150 });
    restorer?.add(panel, panel.id);
    addCommands(app, sections, palette, () => shell.activateById(panel.id));
    const settings = await registry?.load(sectionsPlugin.id).catch(() => undefined);
    const apply = () => {
      sections.endsLeftKernels = settings?.get("endLeftKernels").composite === true;
    };
    settings?.changed.connect(apply);
    apply();
  },
};
