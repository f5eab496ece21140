/** The `nb` command. */
import { Command } from "commander";
import { addSyncCommand } from "./collection";
import { registerExport } from "./export";
import { addRunCommand } from "./run/command";

export async function main(args: string[]): Promise<void> {
  const program = new Command("nb").description(
    "Runs, checks and exports Jupyter notebooks from Node.js, without Python; works with any Jupyter kernel.",
  );
  addRunCommand(program);
  registerExport(program);
  addSyncCommand(program);
  await program.parseAsync(args, { from: "user" });
}

// Uncompiled: node -r ts-node/register/transpile-only notebook-tools/cli.ts export …
if (require.main === module) void main(process.argv.slice(2));
