/** `nb list`, `nb clean`, `nb validate`: what needs no kernel. */
import type { Command } from "commander";
import { findKernelspecs } from "../kernel-client";
import {
  checkReplaceable,
  findNotebooks,
  type NotebookDocument,
  NotebookError,
  readNotebook,
  readNotebookText,
  refuseOldFormat,
  validateNotebook,
  writeAtomically,
} from "../nbformat";
import { defaultTimeoutMs } from "../run/notebook";
import { plan } from "../run/plan";
import { exitCodes, plural } from "../run/summary";

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Does something with each notebook; one that cannot be read is reported, and the others are done all the same. */
async function forEach(paths: string[], work: (file: string) => Promise<void>): Promise<void> {
  try {
    const notebooks = await findNotebooks(paths);
    if (notebooks.length === 0)
      throw new NotebookError("no notebook (`*.ipynb`) here; name a file or another folder.", {
        file: paths.join(", "),
      });
    for (const { file } of notebooks) await attempt(file, work);
  } catch (error) {
    report(error);
  }
}

async function attempt(file: string, work: (file: string) => Promise<void>): Promise<void> {
  try {
    await work(file);
  } catch (error) {
    report(error);
  }
}

function report(error: unknown): void {
  if (!(error instanceof NotebookError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = exitCodes.badUsage;
}

async function list(file: string): Promise<void> {
  const document = await readNotebook(file);
  const cells = plan(document, defaultTimeoutMs);
  const kernel = document.notebook.metadata.kernelspec?.name ?? "(no kernel)";
  const title = cells.length > 0 || document.cells.length > 0 ? titleOf(document) : "";
  print([file, kernel, plural(cells.length, "code cell"), title].filter(Boolean).join("  "));
}

function titleOf(document: NotebookDocument): string {
  const first = document.cells.find((cell) => cell.cell_type === "markdown");
  const text = [first?.source ?? ""].flat().join("");
  return /^#\s+(.+)$/m.exec(text)?.[1]?.trim() ?? "";
}

function listKernels(): void {
  for (const { name, displayName, language, resourceDir } of findKernelspecs(process.cwd()).values()) {
    print([name, displayName, language, resourceDir].join("  "));
  }
}

/** The notebook without outputs and prompt numbers. */
function cleaned(document: NotebookDocument): NotebookDocument {
  return plan(document, 0).reduce(
    (edited, { index }) => edited.withOutputs(index, { outputs: [], execution_count: null }),
    document,
  );
}

async function clean(file: string, check: boolean): Promise<void> {
  // First, since what is read of a pipe is gone.
  if (!check) await checkReplaceable(file);
  const document = await readNotebook(file);
  if (!check) refuseOldFormat(document);
  const edited = cleaned(document);
  if (!edited.isEdited) return;
  print(check ? `${file} has outputs` : `cleaned ${file}`);
  if (check) process.exitCode ||= exitCodes.failed;
  else await writeAtomically(file, edited.toPieces());
}

async function validate(file: string, strict: boolean): Promise<void> {
  const problems = validateNotebook(await readNotebookText(file), file);
  for (const { cell, message, fatal } of problems) {
    const place = `${file}${cell === undefined ? "" : `, cell ${cell}`}`;
    if (fatal) process.stderr.write(`${place}: ${message}\n`);
    else print(`${place}: ${message}`);
  }
  if (problems.length === 0) print(`${file}: valid`);
  else if (strict || problems.some(({ fatal }) => fatal)) process.exitCode = exitCodes.badUsage;
}

export function addNotebookCommands(program: Command): void {
  program
    .command("list")
    .summary("list notebooks, their kernels and cells")
    .description("Lists notebooks with their kernel, number of code cells and title.")
    .argument("[paths...]", "notebooks, and folders of notebooks", ["."])
    .option("--kernels", "list the kernels that can be had here instead")
    .action((paths: string[], { kernels }: { kernels?: boolean }) =>
      kernels ? listKernels() : forEach(paths, list),
    );
  program
    .command("clean")
    .summary("remove outputs and prompt numbers")
    .description("Removes outputs and prompt numbers in place; nothing else in the file changes.")
    .argument("[paths...]", "notebooks, and folders of notebooks", ["."])
    .option("--check", "change nothing; exit with 1 where there are outputs")
    .action((paths: string[], { check = false }: { check?: boolean }) =>
      forEach(paths, (file) => clean(file, check)),
    );
  program
    .command("validate")
    .summary("say what in notebooks is not as nbformat 4 wants it")
    .description(
      "Checks notebooks against the published schemas of nbformat 4.0 to 4.5, and that ids are used once. Exits with 2 for one that cannot be used.",
    )
    .argument("[paths...]", "notebooks, and folders of notebooks", ["."])
    .option("--strict", "exit with 2 for lesser problems too")
    .action((paths: string[], { strict = false }: { strict?: boolean }) =>
      forEach(paths, (file) => validate(file, strict)),
    );
}
