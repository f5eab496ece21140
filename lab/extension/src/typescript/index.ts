/** The plugin that makes TypeScript at home: its files, its version in the status bar, and the way to a definition. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IDocumentManager } from "@jupyterlab/docmanager";
import { ILauncher } from "@jupyterlab/launcher";
import { IMainMenu } from "@jupyterlab/mainmenu";
import { INotebookTracker } from "@jupyterlab/notebook";
import { IStatusBar } from "@jupyterlab/statusbar";
import { ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";
import { LabIcon } from "@jupyterlab/ui-components";
import { Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";
import { infoOf } from "../kernel-info";
import { command, packageName } from "../names";
import { loadTranslation } from "../translation";
import { versionText } from "./text";

const typescriptIcon = new LabIcon({
  name: "threads-and-loop:typescript",
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 22 22"><rect class="jp-icon-brand1" x="2" y="2" width="18" height="18" rx="2" fill="#3178c6"/><path class="jp-icon-inverse" fill="#fff" d="M6 9.6v1.7h2.1v6H10v-6h2.1V9.6zm10.9 2c-.5-.6-1-.8-1.8-.8-.9 0-1.5.4-1.5 1 0 1.700 3.800.8 3.800 3.200 0 1.500-1.200 2.400-2.900 2.400-1.200 0-2-.4-2.600-1.200l1.200-1c.4.5.8.7 1.400.7.700 0 1.100-.300 1.100-.800 0-1.600-3.700-.8-3.700-3.200 0-1.400 1.200-2.300 2.800-2.300 1.200 0 2 .4 2.600 1.100z"/></svg>`,
});

/** The versions of the current notebook's kernel, where it is one of TypeScript. */
class Versions {
  readonly item = new Widget();
  readonly activeStateChanged = new Signal<this, void>(this);
  readonly #known = new WeakSet<object>();

  constructor(readonly tracker: INotebookTracker) {
    this.item.addClass("jp-StatusBar-TextItem");
    tracker.currentChanged.connect((_, panel) => {
      if (panel && !this.#known.has(panel)) {
        this.#known.add(panel);
        panel.sessionContext.kernelChanged.connect(() => void this.update());
      }
      void this.update();
    });
    void this.update();
  }

  isActive = () => this.item.node.textContent !== "";

  async update() {
    const kernel = this.tracker.currentWidget?.sessionContext.session?.kernel;
    const info = kernel && (await infoOf(kernel).catch(() => undefined));
    if (kernel !== this.tracker.currentWidget?.sessionContext.session?.kernel) return;
    this.item.node.textContent = (info && versionText(info)) ?? "";
    this.item.node.title = info?.banner ?? "";
    this.activeStateChanged.emit();
  }
}

function addNewFile(
  app: JupyterFrontEnd,
  trans: TranslationBundle,
  /** JupyterLab's own words for the last part of the launcher. */
  other: string,
  palette: ICommandPalette | null,
  launcher: ILauncher | null,
  menu: IMainMenu | null,
) {
  const { commands, docRegistry, serviceManager } = app;
  docRegistry.addFileType({
    name: "typescript",
    displayName: trans.__("TypeScript File"),
    extensions: [".ts", ".mts", ".cts", ".tsx"],
    mimeTypes: ["text/typescript"],
    icon: typescriptIcon,
  });
  // JupyterLab's own command for files of the languages that it knows.
  const file = "fileeditor:create-new";
  const args = {
    fileExt: "ts",
    iconName: typescriptIcon.name,
    launcherLabel: trans.__("TypeScript File"),
    paletteLabel: trans.__("New TypeScript File"),
    caption: trans.__("Create a new TypeScript file"),
  };
  launcher?.add({ command: file, category: other, rank: 3, args });
  palette?.addItem({ command: file, category: "TypeScript", args: { ...args, isPalette: true } });
  menu?.fileMenu.newMenu.addItem({ command: file, rank: 31, args });
  const kernelName = () => {
    const specs = Object.values(serviceManager.kernelspecs.specs?.kernelspecs ?? {});
    return specs.find((spec) => spec?.language === "typescript")?.name;
  };
  const notebook = command("new-typescript-notebook");
  commands.addCommand(notebook, {
    label: trans.__("New TypeScript Notebook"),
    isEnabled: () => kernelName() !== undefined,
    execute: () => commands.execute("notebook:create-new", { kernelName: kernelName() }),
  });
  palette?.addItem({ command: notebook, category: "TypeScript" });
}

export const typescriptPlugin: JupyterFrontEndPlugin<void> = {
  id: `${packageName}:typescript`,
  description: "TypeScript files in launcher and menus, its version in the status bar, and go to definition.",
  autoStart: true,
  requires: [INotebookTracker, IDocumentManager],
  optional: [ITranslator, ICommandPalette, ILauncher, IMainMenu, IStatusBar],
  activate: async (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    manager: IDocumentManager,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    menu: IMainMenu | null,
    bar: IStatusBar | null,
  ) => {
    const { commands } = app;
    const trans = await loadTranslation(translator);
    const other = (translator ?? nullTranslator).load("jupyterlab").gettext("Other");
    addNewFile(app, trans, other, palette, launcher, menu);
    const { item, isActive, activeStateChanged } = new Versions(tracker);
    bar?.registerStatusItem(typescriptPlugin.id, {
      item,
      align: "left",
      rank: 4,
      isActive,
      activeStateChanged,
    });
    const definition = command("go-to-definition");
    commands.addCommand(definition, {
      label: trans.__("Go to Definition"),
      caption: trans.__("Open the file or show the cell that defines the name at the cursor"),
      isEnabled: () => tracker.activeCell?.model.type === "code",
      execute: async () => {
        const panel = tracker.currentWidget;
        const { goToDefinition } = await import("./definition");
        if (panel) await goToDefinition(panel, manager, trans);
      },
    });
    palette?.addItem({ command: definition, category: "TypeScript" });
  },
};
