import type { Command } from "commander";
import { checkCollection, type SyncOptions, syncCollection } from "./sync";

interface Flags extends SyncOptions {
  check?: boolean;
}

/** Adds `nb sync` to the command line. */
export function addSyncCommand(program: Command): void {
  program
    .command("sync")
    .description(
      "write the generated parts of a folder of numbered notebooks: navigation, list, code of translations",
    )
    .argument("<folder>", "the folder that holds NN-slug.ipynb files")
    .option("--check", "write nothing; exit 1 when something is stale")
    .option("--readme <file>", "also fill the list of sections in this Markdown page")
    .option(
      "--translated <file...>",
      "these translated notebooks, or cells (file#id), say what their originals say now",
    )
    .action(async (folder: string, flags: Flags) => {
      if (flags.check) await check(folder, flags);
      else await write(folder, flags);
    });
}

async function check(folder: string, flags: Flags): Promise<void> {
  const { changes, faults } = await checkCollection(folder, flags);
  for (const { file } of changes) console.log(`stale ${file}`);
  for (const { message } of faults) console.error(message);
  if (changes.length > 0) console.error(`Run \`nb sync ${folder}\` to bring the generated parts up to date.`);
  if (changes.length + faults.length > 0) process.exitCode = 1;
  else console.log("The generated parts are up to date.");
}

async function write(folder: string, flags: Flags): Promise<void> {
  const { written, faults } = await syncCollection(folder, flags);
  for (const file of written) console.log(`wrote ${file}`);
  for (const { message } of faults) console.error(message);
  if (faults.length > 0) process.exitCode = 1;
  else if (written.length === 0) console.log("The generated parts are up to date.");
}
