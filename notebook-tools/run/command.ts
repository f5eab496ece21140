/** `nb run`: from the command line to the exit code. */
import type { Command } from "commander";
import colours from "picocolors";
import { findNotebooks, NotebookError } from "../nbformat";
import { runNotebooks } from "./notebooks";
import { plainReporter, type ReporterContext } from "./reporters/plain";
import { ttyReporter } from "./reporters/tty";
import { exitCode, exitCodes } from "./summary";

export function addRunCommand(program: Command): void {
  program
    .command("run")
    .argument("[paths...]", "notebooks, and folders of notebooks", ["."])
    .option("--jobs <n>", "notebooks at once", Number, 1)
    .option("--timeout <s>", "seconds for a cell", Number, 60)
    .option("--kernel <name>")
    .option("--rerun")
    .action(async (paths: string[], options) => {
      const context: ReporterContext = {
        write: (text) => process.stdout.write(text),
        command: (file) => `nb run ${file}`,
        colour: colours,
      };
      try {
        const files = (await findNotebooks(paths)).map(({ file }) => file);
        const reporter = process.stdout.isTTY
          ? ttyReporter(context, () => process.stdout.columns ?? 80)
          : plainReporter(context);
        const run = await runNotebooks(files, { ...options, timeoutMs: options.timeout * 1000 }, reporter);
        process.exitCode = exitCode(run);
      } catch (error) {
        if (!(error instanceof NotebookError)) throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = exitCodes.badUsage;
      }
    });
}
