import type { Command } from "commander";
import { findKernelspecs } from "../kernel-client";
import { headings, readNotebook, sourceText } from "../nbformat";
import { plural } from "../run/summary";
import { forEach, print } from "./notebooks";

async function list(file: string): Promise<void> {
  const { cells, notebook } = await readNotebook(file);
  const name: unknown = notebook.metadata.kernelspec?.name;
  const kernel = typeof name === "string" ? name : "(no kernel)";
  const code = cells.filter((cell) => cell.cell_type === "code").length;
  const first = cells.find((cell) => cell.cell_type === "markdown");
  const title = first && headings(sourceText(first))[0];
  print([file, kernel, plural(code, "code cell"), title].filter(Boolean).join("  "));
}

function listKernels(): void {
  for (const { name, displayName, language, resourceDir } of findKernelspecs(process.cwd()).values())
    print([name, displayName, language, resourceDir].join("  "));
}

export function addListCommand(program: Command): void {
  program
    .command("list")
    .summary("list notebooks, their kernels and cells")
    .description("Lists notebooks with their kernel, number of code cells and title.")
    .argument("[paths...]", "notebooks, and folders of notebooks", ["."])
    .option("--kernels", "list the kernels that can be had here instead")
    .action((paths: string[], { kernels }: { kernels?: boolean }) =>
      kernels ? listKernels() : forEach(paths, list),
    );
}
