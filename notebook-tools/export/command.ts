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
  site?: boolean;
  address?: string;
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
    .option(
      "--site",
      "one site of all pages with an index, search and charts that answer; needs --output-dir",
    )
    .option("--address <url>", "where the site will be, for its sitemap")
    .option("--force", "replace files that were not made by an export")
    .action(async (paths: string[], { input, solutions, ...flags }: ExportFlags, command: Command) => {
      if (flags.site && flags.outputDir === undefined)
        command.error("error: --site needs --output-dir, the folder of the site");
      if (flags.site && command.getOptionValueSource("to") === "cli" && flags.to !== "html")
        command.error("error: a site has pages of html; leave --to out");
      process.exitCode = await runExport(paths, { ...flags, noInput: !input, noSolutions: !solutions });
    });
}

type Options = ExportNotebooksOptions & { site?: boolean; address?: string };

async function runExport(paths: string[], options: Options): Promise<number> {
  const onExport = (notebook: string, page: string) => console.log(`${notebook} → ${page}`);
  const report = await exported(paths, { ...options, onExport }).catch((error: unknown) => {
    if (!(error instanceof NotebookError)) throw error;
    return { written: [], failed: [error], warnings: [] } satisfies ExportReport;
  });
  for (const warning of report.warnings) console.error(warning);
  for (const { message } of report.failed) console.error(message);
  return report.failed.length > 0 ? 2 : 0;
}

function exported(paths: string[], { site, outputDir, ...options }: Options): Promise<ExportReport> {
  if (!site || outputDir === undefined) return exportNotebooks(paths, { ...options, outputDir });
  const { exportSite } = require("./site/export-site") as typeof import("./site/export-site");
  return exportSite(paths, { ...options, outputDir });
}
