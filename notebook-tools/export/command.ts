import { type Command, Option } from "commander";
import { NotebookError } from "../nbformat";
import { type ExportNotebooksOptions, exportNotebooks, FORMATS, type Format } from "./export-notebooks";

/** Adds `export` to a program. Exit code 2 when a notebook could not be read or written. */
export function registerExport(program: Command): void {
  program
    .command("export")
    .description("turn notebooks into web pages, Markdown or scripts")
    .argument("[paths...]", "notebooks, or folders of notebooks", ["."])
    .addOption(new Option("--to <format>", "what to make of them").choices(FORMATS).default("html"))
    .option("--output-dir <dir>", "where the pages go (default: beside each notebook)")
    .action(async (paths: string[], { to, outputDir }: { to: Format; outputDir?: string }) => {
      process.exitCode = await runExport(paths, { to, outputDir });
    });
}

async function runExport(paths: string[], options: ExportNotebooksOptions): Promise<number> {
  const onExport = (notebook: string, page: string) => console.log(`${notebook} → ${page}`);
  const report = await exportNotebooks(paths, { ...options, onExport }).catch((error: unknown) => {
    if (!(error instanceof NotebookError)) throw error;
    return { failed: [error] };
  });
  for (const { message } of report.failed) console.error(message);
  return report.failed.length > 0 ? 2 : 0;
}
