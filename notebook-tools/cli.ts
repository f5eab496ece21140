/** The `nb` command. */
import { Command, CommanderError } from "commander";
import { NotebookError } from "./nbformat";

const { version } = require("../package.json") as { version: string };

const badUsage = 2;

/** What adds each command; loaded where it is named, since parsers and highlighters take a while. */
const rooms: Record<string, (nb: Command) => void> = {
  run(nb) {
    const { addRunCommand } = require("./run/command") as typeof import("./run/command");
    addRunCommand(nb);
  },
  "list clean validate diff"(nb) {
    const { addNotebookCommands } = require("./commands") as typeof import("./commands");
    addNotebookCommands(nb);
  },
  export(nb) {
    const { registerExport } = require("./export/command") as typeof import("./export/command");
    registerExport(nb);
  },
  sync(nb) {
    const { addSyncCommand } = require("./collection") as typeof import("./collection");
    addSyncCommand(nb);
  },
};

function program(named: string | undefined): Command {
  const nb = new Command("nb")
    .description(
      "Runs, checks and exports Jupyter notebooks from Node.js, without Python; works with any Jupyter kernel.",
    )
    .version(version, "-V, --version", "print the version")
    .showHelpAfterError("Run the command with --help to see what it takes.")
    .exitOverride();
  const own = Object.keys(rooms).find((names) => names.split(" ").includes(named ?? ""));
  for (const add of own ? [rooms[own]!] : Object.values(rooms)) add(nb);
  return nb;
}

let isOutputLost = false;

/** A reader that has seen enough (`nb list | head`) is no failure; a report that a full disk does not take is one. */
function onLostOutput({ code, message }: NodeJS.ErrnoException): void {
  if (code === "EPIPE" || isOutputLost) return;
  isOutputLost = true;
  process.stderr.write(`The output could not be written (${message}); check where it goes.\n`);
  process.on("exit", () => {
    process.exitCode ||= badUsage;
  });
}

/** Runs the command that `args` name and sets the process's exit code. */
export async function main(args: string[]): Promise<void> {
  process.stdout.on("error", onLostOutput);
  // Nobody is left who could be told.
  process.stderr.on("error", () => {});
  try {
    await program(args[0]).parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = badUsage;
    // Commander has said why; asking for help is no mistake.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : badUsage;
    else process.stderr.write(`${wordsFor(error)}\n`);
  }
}

/** One sentence for what the person can mend; any other error is a fault of this program and goes on. */
function wordsFor(error: unknown): string {
  if (error instanceof NotebookError) return error.message;
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (path === undefined) throw error;
  const reason = code === "ENOENT" ? "there is no such file or folder" : message;
  return `${path}: ${reason}; check the path and its permissions.`;
}

// Uncompiled: node -r ts-node/register/transpile-only notebook-tools/cli.ts export …
if (require.main === module) void main(process.argv.slice(2));
