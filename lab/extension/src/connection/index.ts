/** The plugin that says when a notebook has lost its server or its kernel, and leads back. */
import "../../style/connection.css";
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { ITranslator, type TranslationBundle } from "@jupyterlab/translation";
import { packageName } from "../names";
import { loadTranslation } from "../translation";
import { Banner, type Notice } from "./banner";
import { type Trouble, TroubleWatch } from "./trouble";

function watch({ contentHeader, sessionContext }: NotebookPanel, trans: TranslationBundle) {
  const banner = new Banner();
  contentHeader.addWidget(banner);
  const noticeOf = (trouble: Trouble): Notice | undefined => {
    if (trouble === "server")
      return {
        text: trans.__(
          "The server does not answer. Its kernels may still run; what you write here is not lost.",
        ),
        label: trans.__("Reconnect"),
        act: () => troubles.ask(),
      };
    if (trouble === "kernel")
      return {
        text: trans.__(
          "The kernel of this notebook is gone, and its variables with it. The outputs are kept.",
        ),
        label: trans.__("Start a New Kernel"),
        act: () => troubles.startNew(),
      };
    return undefined;
  };
  const troubles = new TroubleWatch(sessionContext, (trouble) => banner.tell(noticeOf(trouble)));
}

export const connectionPlugin: JupyterFrontEndPlugin<void> = {
  id: `${packageName}:connection`,
  description: "Says above a notebook that its server or its kernel is gone, with one button that helps.",
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator],
  activate: async (_: JupyterFrontEnd, tracker: INotebookTracker, translator: ITranslator | null) => {
    const trans = await loadTranslation(translator);
    tracker.forEach((panel) => void watch(panel, trans));
    tracker.widgetAdded.connect((_, panel) => void watch(panel, trans));
  },
};
