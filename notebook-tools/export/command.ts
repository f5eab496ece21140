import { type Command, Option } from "commander";
import { NotebookError } from "../nbformat";
import {
  type ExportNotebooksOptions,
  type ExportReport,
  exportNotebooks,
  FORMATS,
  type Format,
} from "./export-notebooks";

interface ExportFlags {
  to: Format;
  outputDir?: string;
  input: boolean;
  solutions: boolean;
  force?: boolean;
}

/** Adds `export` to a program. Exit code 2 when a notebook could not be read or written. */
export function registerExport(program: Command): void {
  program
    .command("export")
    .description("turn notebooks into web pages, Markdown or scripts")
    .argument("[paths...]", "notebooks, or folders of notebooks", ["."])
    .addOption(new Option("--to <format>", "what to make of them").choices(FORMATS).default("html"))
    .option("--output-dir <dir>", "where the pages go (default: beside each notebook)")
    .option("--no-input", "leave out the code of all cells")
    .option("--no-solutions", "leave out the cells tagged `solution`")
    .option("--force", "replace files that were not made by an export")
    .action(async (paths: string[], flags: ExportFlags) => {
      const { input, solutions, ...options } = flags;
      process.exitCode = await runExport(paths, { ...options, noInput: !input, noSolutions: !solutions });
    });
}

async function runExport(paths: string[], options: ExportNotebooksOptions): Promise<number> {
  const onExport = (notebook: string, page: string) => console.log(`${notebook} → ${page}`);
  const report = await exportNotebooks(paths, { ...options, onExport }).catch((error: unknown) => {
    if (!(error instanceof NotebookError)) throw error;
    return { written: [], failed: [error], warnings: [] } satisfies ExportReport;
  });
  for (const warning of report.warnings) console.error(warning);
  for (const { message } of report.failed) console.error(message);
  return report.failed.length > 0 ? 2 : 0;
}
