import type { Command } from "commander";
import { staleFiles, syncCollection } from "./sync";

interface Flags {
  check?: boolean;
  readme?: string;
}

/** Adds `nb sync` to the command line. */
export function addSyncCommand(program: Command): void {
  program
    .command("sync")
    .description(
      "write the generated parts of a folder of numbered notebooks: navigation, list, translations",
    )
    .argument("<folder>", "the folder that holds NN-slug.ipynb files")
    .option("--check", "write nothing; exit 1 when something is stale")
    .option("--readme <file>", "also fill the list of sections in this Markdown page")
    .action(async (folder: string, flags: Flags) => {
      const files = flags.check
        ? (await staleFiles(folder, flags)).map(({ file }) => file)
        : await syncCollection(folder, flags);
      for (const file of files) console.log(`${flags.check ? "stale" : "wrote"} ${file}`);
      if (files.length === 0) console.log("The generated parts are up to date.");
      if (flags.check && files.length > 0) {
        console.error(`Run \`nb sync ${folder}\` to bring the generated parts up to date.`);
        process.exitCode = 1;
      }
    });
}
