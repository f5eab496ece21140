/** The plugin that runs a notebook as `nb run --check` does, and shows how its outputs differ from the stored ones. */
import "../../style/check.css";
import "../../style/links.css";
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, ISessionContextDialogs } from "@jupyterlab/apputils";
import { INotebookTracker, NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";
import { ITranslator } from "@jupyterlab/translation";
import { checkIcon } from "@jupyterlab/ui-components";
import { command, packageName } from "../names";
import { loadTranslation } from "../translation";
import type { PanelCheck } from "./panel-check";

type CommandOptions = Parameters<JupyterFrontEnd["commands"]["addCommand"]>[1];

const names = {
  run: command("run-and-check"),
  twice: command("run-twice-and-check"),
  stop: command("stop-check"),
  next: command("next-difference"),
  previous: command("previous-difference"),
  takeBack: command("take-stored-output-back"),
  takeAllBack: command("take-all-stored-outputs-back"),
};

export const checkPlugin: JupyterFrontEndPlugin<void> = {
  id: `${packageName}:check`,
  description: "Runs a notebook in a new kernel and compares its outputs with the stored ones.",
  autoStart: true,
  requires: [INotebookTracker, ISessionContextDialogs],
  optional: [ITranslator, ICommandPalette],
  activate: async (
    { commands, serviceManager }: JupyterFrontEnd,
    tracker: INotebookTracker,
    dialogs: ISessionContextDialogs,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
  ) => {
    const trans = await loadTranslation(translator);
    const checks = new WeakMap<NotebookPanel, PanelCheck>();
    const around = {
      services: serviceManager,
      dialogs,
      trans,
      onChange: () => {
        for (const name of Object.values(names)) commands.notifyCommandChanged(name);
      },
      nextDifference: () => void commands.execute(names.next),
    };
    const current = () => tracker.currentWidget && checks.get(tracker.currentWidget);
    const run = async (twice: boolean) => {
      const panel = tracker.currentWidget;
      if (!panel) return;
      const { PanelCheck } = await import("./panel-check");
      const check = checks.get(panel) ?? new PanelCheck(panel, around);
      checks.set(panel, check);
      await check.run(twice);
    };
    NotebookActions.executionScheduled.connect((_, { notebook, cell }) => {
      const panel = tracker.find(({ content }) => content === notebook);
      if (panel) checks.get(panel)?.forget(cell.model.id);
    });
    tracker.currentChanged.connect(around.onChange);

    const category = trans.__("Run and Check");
    const add = (name: string, label: string, options: Omit<CommandOptions, "label">) => {
      commands.addCommand(name, { label, ...options });
      palette?.addItem({ command: name, category });
    };
    /** A command for a notebook that has been checked. */
    const addLater = (
      name: string,
      label: string,
      execute: (check: PanelCheck) => unknown,
      isEnabled: (check: PanelCheck) => boolean,
    ) =>
      add(name, label, {
        execute: () => {
          const check = current();
          return check && execute(check);
        },
        isEnabled: () => {
          const check = current();
          return check ? isEnabled(check) : false;
        },
      });
    const activeCell = () => tracker.activeCell?.model.id;
    const isIdle = (check: PanelCheck) => !check.isRunning;
    const canRun = () => tracker.currentWidget !== null && !current()?.isRunning;
    add(names.run, trans.__("Run and Check"), {
      execute: () => run(false),
      isEnabled: canRun,
      // In a menu it would look as if it were switched on.
      icon: ({ toolbar }) => (toolbar ? checkIcon : undefined),
      caption: trans.__("Restart the kernel, run all cells and compare their outputs with the stored ones"),
    });
    add(names.twice, trans.__("Run Twice and Check"), {
      execute: () => run(true),
      isEnabled: canRun,
      caption: trans.__("The same, and every cell a second time in the same kernel"),
    });
    addLater(
      names.stop,
      trans.__("Stop the Check"),
      (check) => check.stop(),
      ({ isRunning }) => isRunning,
    );
    const hasDifferences = (check: PanelCheck) => check.hasDifferences;
    addLater(names.next, trans.__("Next Difference"), (check) => check.go(1), hasDifferences);
    addLater(names.previous, trans.__("Previous Difference"), (check) => check.go(-1), hasDifferences);
    addLater(
      names.takeBack,
      trans.__("Take the Stored Output Back"),
      (check) => check.takeBack(activeCell() ?? ""),
      (check) => isIdle(check) && check.canTakeBack(activeCell()),
    );
    addLater(
      names.takeAllBack,
      trans.__("Take All Stored Outputs Back"),
      (check) => check.takeAllBack(),
      (check) => isIdle(check) && check.isChecked,
    );
  },
};
