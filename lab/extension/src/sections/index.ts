/** The plugin with the sections of the current notebook's folder, and the commands to the next and the previous one. */
import "../../style/sections.css";
import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IDocumentManager } from "@jupyterlab/docmanager";
import { INotebookTracker, NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { listIcon } from "@jupyterlab/ui-components";
import { command, domain, packageName } from "../names";
import { SectionsPanel } from "./panel";
import { describeSection, inOrder, isSection, neighbour, progressOf, type Section } from "./text";

const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

class Sections {
  readonly panel: SectionsPanel;
  sections: readonly Section[] = [];
  #folder: string | undefined;
  /** By path, so that a notebook is read again only where it has changed. */
  readonly #read = new Map<string, { modified: string; section: Section }>();
  /** How cells ended in this session: by path, then by cell. */
  readonly #ended = new Map<string, Map<string, boolean>>();
  readonly #progress = new Map<string, ReturnType<typeof progressOf>>();

  constructor(
    readonly manager: IDocumentManager,
    readonly tracker: INotebookTracker,
    translator: ITranslator,
  ) {
    const update = () => void this.update();
    this.panel = new SectionsPanel(translator.load(domain), (path) => this.open(path), update);
    tracker.currentChanged.connect(update);
    NotebookActions.executed.connect((_, { notebook, cell, success }) => {
      const panel = tracker.find(({ content }) => content === notebook);
      if (panel && cell.model.type === "code") this.#note(panel, cell.model.id, success);
    });
  }

  get current(): NotebookPanel | null {
    return this.tracker.currentWidget;
  }

  #note(panel: NotebookPanel, cell: string, success: boolean) {
    const { path } = panel.context;
    const ended = this.#ended.get(path) ?? new Map<string, boolean>();
    this.#ended.set(path, ended.set(cell, success));
    const cells = panel.content.widgets.map(({ model }) => model);
    const code = cells.filter(({ type, sharedModel }) => type === "code" && sharedModel.getSource().trim());
    this.#progress.set(
      path,
      progressOf(
        code.map(({ id }) => id),
        ended,
      ),
    );
    this.#render();
  }

  /** Looks at the folder of the current notebook again; what was read and has not changed is not read again. */
  async update() {
    const path = this.current?.context.path;
    if (path !== undefined) this.#folder = folderOf(path);
    this.#render();
    const folder = this.#folder ?? "";
    const sections = await this.#list(folder);
    if (folder !== (this.#folder ?? "")) return;
    this.sections = sections;
    this.#render();
  }

  async #list(folder: string): Promise<Section[]> {
    const { contents } = this.manager.services;
    const listed = await contents.get(folder, { content: true }).catch(() => undefined);
    const files = ((listed?.content ?? []) as { name: string; path: string; last_modified: string }[]).filter(
      ({ name }) => isSection(name),
    );
    const modified = new Map(files.map((file) => [file.path, file.last_modified]));
    const sections: Section[] = [];
    for (const path of inOrder([...modified.keys()]))
      sections.push(await this.#section(path, modified.get(path)!));
    return sections;
  }

  async #section(path: string, modified: string): Promise<Section> {
    const known = this.#read.get(path);
    if (known?.modified === modified) return known.section;
    // A notebook that cannot be read is listed by its file name; opening it says what is wrong.
    const model = await this.manager.services.contents.get(path, { content: true }).catch(() => undefined);
    const section = describeSection(path, model?.content);
    this.#read.set(path, { modified, section });
    return section;
  }

  #render() {
    if (!this.panel.isVisible) return;
    const progress = (path: string) => this.#progress.get(path);
    this.panel.render({ sections: this.sections, current: this.current?.context.path, progress });
  }

  /** Opens a section in place of the current one, whose tab stays only if it has unsaved changes. */
  open(path: string) {
    const left = this.current;
    if (left?.context.path === path) return void left.activate();
    const isListed = left !== null && this.sections.some((section) => section.path === left.context.path);
    this.manager.openOrReveal(path, undefined, undefined, left ? { ref: left.id, mode: "tab-after" } : {});
    if (left && isListed && !left.context.model.dirty) left.close();
  }

  async go(step: number) {
    await this.update();
    const to = neighbour(this.sections, this.current?.context.path ?? "", step);
    if (to) this.open(to.path);
  }
}

export const sectionsPlugin: JupyterFrontEndPlugin<void> = {
  id: `${packageName}:sections`,
  description: "Lists the numbered notebooks of a folder by their titles, and goes from one to the next.",
  autoStart: true,
  requires: [INotebookTracker, IDocumentManager, ILabShell],
  optional: [ITranslator, ICommandPalette],
  activate: (
    { commands }: JupyterFrontEnd,
    tracker: INotebookTracker,
    manager: IDocumentManager,
    shell: ILabShell,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
  ) => {
    const sections = new Sections(manager, tracker, translator ?? nullTranslator);
    const { panel } = sections;
    const { trans } = panel;
    panel.id = "threads-and-loop-sections";
    panel.title.icon = listIcon;
    panel.title.caption = trans.__("Sections");
    shell.add(panel, "left", { rank: 150 });
    const category = trans.__("Sections");
    const add = (name: string, label: string, execute: () => unknown, isEnabled = () => true) => {
      commands.addCommand(command(name), { label, execute, isEnabled });
      palette?.addItem({ command: command(name), category });
    };
    const hasNotebook = () => tracker.currentWidget !== null;
    add("show-sections", trans.__("Show Sections"), () => shell.activateById(panel.id));
    add("next-section", trans.__("Next Section"), () => sections.go(1), hasNotebook);
    add("previous-section", trans.__("Previous Section"), () => sections.go(-1), hasNotebook);
  },
};
