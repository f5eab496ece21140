/** What `nb` does with notebooks without a kernel: list, clean, validate, diff. */
import type { Command } from "commander";
import { addCleanCommand } from "./clean";
import { addDiffCommand } from "./diff";
import { addListCommand } from "./list";
import { addValidateCommand } from "./validate";

export function addNotebookCommands(program: Command): void {
  addListCommand(program);
  addCleanCommand(program);
  addValidateCommand(program);
  addDiffCommand(program);
}
