import { buffer } from "node:stream/consumers";
import type { Command } from "commander";
import {
  type Cell,
  checkReplaceable,
  decodeNotebook,
  hasTag,
  type NotebookDocument,
  parseNotebook,
  readNotebook,
  refuseOldFormat,
  writeAtomically,
} from "../nbformat";
import { exitCodes } from "../run/summary";
import { forEach, print, report } from "./notebooks";

interface Flags {
  check?: boolean;
  metadata?: boolean;
}

/** What front ends note in cells of how and when they ran, and how their outputs lie on the screen. */
const runMetadata = new Set([
  "execution",
  "ExecuteTime",
  "execution_time",
  "collapsed",
  "scrolled",
  "heading_collapsed",
]);

/** As nbstripout has it: by a tag, or by a member of the metadata. */
const keepsOutput = (cell: Cell): boolean =>
  hasTag(cell, "keep_output") || cell.metadata.keep_output === true;

const without = (metadata: Record<string, unknown>, names: ReadonlySet<string>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(metadata).filter(([name]) => !names.has(name)));

/** The notebook without outputs and prompt numbers, and on request without what else a run leaves. */
function cleaned(document: NotebookDocument, { metadata = false }: Flags): NotebookDocument {
  const keepsAll = document.notebook.metadata.keep_output === true;
  const withoutOutputs = document.cells.reduce(
    (edited, cell, index) =>
      cell.cell_type !== "code" || keepsAll || keepsOutput(cell)
        ? edited
        : edited.withOutputs(index, { outputs: [], execution_count: null }),
    document,
  );
  if (!metadata) return withoutOutputs;
  return document.cells.reduce(
    (edited, cell, index) => edited.withMetadata(index, without(cell.metadata, runMetadata)),
    withoutOutputs.withMetadata(null, without(document.notebook.metadata, new Set(["widgets"]))),
  );
}

async function clean(file: string, flags: Flags): Promise<void> {
  // First, since what is read of a pipe is gone.
  if (!flags.check) await checkReplaceable(file);
  const document = await readNotebook(file);
  if (!flags.check) refuseOldFormat(document);
  const edited = cleaned(document, flags);
  if (!edited.isEdited) return;
  print(flags.check ? `${file} has outputs` : `cleaned ${file}`);
  if (flags.check) process.exitCode ||= exitCodes.failed;
  else await writeAtomically(file, edited.toPieces());
}

/** From stdin to stdout, to which nothing goes that is not the whole notebook. */
async function filter(flags: Flags): Promise<void> {
  try {
    const name = "stdin";
    const document = parseNotebook(decodeNotebook(await buffer(process.stdin), name), name);
    refuseOldFormat(document);
    const edited = cleaned(document, flags);
    if (flags.check) process.exitCode = edited.isEdited ? exitCodes.failed : exitCodes.passed;
    else for (const piece of edited.toPieces()) process.stdout.write(piece);
  } catch (error) {
    report(error);
  }
}

const details = `
A code cell keeps its outputs where it has the tag keep_output, or "keep_output": true in its metadata, as under
nbstripout; the notebook's metadata may say so for all.

As a filter of Git, which leaves outputs in your files and keeps them out of commits:
  echo '*.ipynb filter=nb-clean' >> .gitattributes
  git config filter.nb-clean.clean 'npx nb clean -'`;

export function addCleanCommand(program: Command): void {
  program
    .command("clean")
    .summary("remove outputs and prompt numbers")
    .description("Removes outputs and prompt numbers in place; nothing else in the file changes.")
    .argument("[paths...]", "notebooks, and folders of notebooks; - for a filter from stdin to stdout", ["."])
    .option("--check", "change nothing; exit with 1 where there are outputs")
    .option(
      "--metadata",
      "also remove execution times, collapsed and scrolled outputs, and the state of widgets",
    )
    .addHelpText("after", details)
    .action((paths: string[], flags: Flags) =>
      paths.length === 1 && paths[0] === "-" ? filter(flags) : forEach(paths, (file) => clean(file, flags)),
    );
}
