/** The `nb` command. */
import { Command } from "commander";
import { addRunCommand } from "./run/command";

export async function main(args: string[]): Promise<void> {
  const program = new Command("nb").description(
    "Runs, checks and exports Jupyter notebooks from Node.js, without Python; works with any Jupyter kernel.",
  );
  addRunCommand(program);
  await program.parseAsync(args, { from: "user" });
}
