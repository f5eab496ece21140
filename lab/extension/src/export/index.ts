/** The plugin that exports the collection of the current notebook as a site: where the server offers it, as ours does. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, Notification } from "@jupyterlab/apputils";
import { PageConfig, URLExt } from "@jupyterlab/coreutils";
import { IMainMenu } from "@jupyterlab/mainmenu";
import { INotebookTracker } from "@jupyterlab/notebook";
import { ServerConnection } from "@jupyterlab/services";
import { ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";
import { command, packageName } from "../names";
import { loadTranslation } from "../translation";
import { collectionOf, leftOutOf } from "./text";

/** Lets the browser save what the server answers. */
async function save(answer: Response) {
  const header = answer.headers.get("Content-Disposition") ?? "";
  const name = /filename\*=UTF-8''([^;]+)/.exec(header)?.[1] ?? "site.zip";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = decodeURIComponent(name);
  link.click();
  // Once the download has begun.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function exportSite(folder: string, settings: ServerConnection.ISettings, trans: TranslationBundle) {
  const where = folder || trans.__("all folders");
  const id = Notification.emit(trans.__("Exporting %1 as a site", where), "in-progress", {
    autoClose: false,
  });
  const end = (message: string, type: "success" | "warning" | "error") =>
    void Notification.update({ id, message, type, autoClose: type === "success" ? 5000 : 10_000 });
  try {
    const address = URLExt.join(settings.baseUrl, "site", URLExt.encodeParts(folder));
    const answer = await ServerConnection.makeRequest(address, {}, settings);
    if (!answer.ok) throw await ServerConnection.ResponseError.create(answer);
    await save(answer);
    const leftOut = leftOutOf(answer.headers.get("X-Left-Out"));
    if (leftOut.length === 0) end(trans.__("The site is in the downloads."), "success");
    else
      end(
        trans.__("The site is in the downloads, without what cannot be read: %1", leftOut.join(", ")),
        "warning",
      );
  } catch (error) {
    end(trans.__("The site could not be exported: %1", (error as Error).message), "error");
  }
}

export const exportPlugin: JupyterFrontEndPlugin<void> = {
  id: `${packageName}:export`,
  description: "Exports a folder of notebooks as a site, where the server offers that.",
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator, ICommandPalette, IMainMenu],
  activate: async (
    { commands, serviceManager }: JupyterFrontEnd,
    tracker: INotebookTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    menu: IMainMenu | null,
  ) => {
    if (PageConfig.getOption("exportsSites") !== "true") return;
    const trans = await loadTranslation(translator);
    const name = command("export-site");
    commands.addCommand(name, {
      label: trans.__("Export the Collection as a Site"),
      caption: trans.__("All notebooks of this folder as pages with an index and search, in one ZIP file"),
      isEnabled: () => tracker.currentWidget !== null,
      execute: async () => {
        const path = tracker.currentWidget?.context.path;
        if (path !== undefined) await exportSite(collectionOf(path), serviceManager.serverSettings, trans);
      },
    });
    tracker.currentChanged.connect(() => commands.notifyCommandChanged(name));
    palette?.addItem({
      command: name,
      category: (translator ?? nullTranslator).load("jupyterlab").gettext("Notebook Operations"),
    });
    // Behind "Save and Export Notebook As".
    menu?.fileMenu.addItem({ command: name, rank: 10.5 });
  },
};
