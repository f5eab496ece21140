// The Help menu shows what a kernel says of itself for the tab that had a kernel at the moment when the answer came.
// Here that moment comes before the first notebook has its kernel; without this the entries are missing until the
// tab is left and opened again.
import { ILabShell } from "@jupyterlab/application";

/** Has the menu look again once the current tab has its kernel. */
export const kernelHelp = {
  id: "lab-app:kernel-help",
  description: "Shows the help of a notebook's kernel as soon as it is there.",
  autoStart: true,
  requires: [ILabShell],
  activate: (_, shell) => {
    const known = new WeakSet();
    const lookAgain = () => {
      const { currentWidget } = shell;
      shell.currentChanged.emit({ newValue: currentWidget, oldValue: currentWidget });
    };
    shell.currentChanged.connect((_, { newValue }) => {
      const context = newValue?.sessionContext;
      if (!context || known.has(context)) return;
      known.add(context);
      context.kernelChanged.connect(lookAgain);
    });
  },
};
