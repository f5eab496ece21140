import type { Command } from "commander";
import { readNotebookText, validateNotebook } from "../nbformat";
import { exitCodes } from "../run/summary";
import { forEach, print } from "./notebooks";

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

export function addValidateCommand(program: Command): void {
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
