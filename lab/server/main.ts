/** `npm start`: serves JupyterLab on this machine until Ctrl-C. */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { openBrowser } from "./browser";
import { type Lab, startLab } from "./lab";

const usage = `Usage: npm start -- [options] [document]

  document         what to open, from the root; default notebooks/00-index.ipynb, if it is there
  --port N         the port, 0 for any; default 8888 or the next free one
  --no-browser     only print the address
  --root FOLDER    the folder that the file browser shows; default this project
  --user FOLDER    where settings, layouts and secrets are kept; default lab/.user
  --no-trash       delete for ever, instead of moving to the system's trash
  --cull-idle N    shut down kernels without a page after N idle seconds; default never
  --help           this text
`;

const project = path.resolve(__dirname, "..", "..", "..");
const defaultPort = 8888;

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        port: { type: "string" },
        "no-browser": { type: "boolean" },
        root: { type: "string" },
        user: { type: "string" },
        "no-trash": { type: "boolean" },
        "cull-idle": { type: "string" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    // What Node adds after its first sentence is about arguments that begin with a dash, which no document does.
    const [fault] = (error as Error).message.split(/\.\s/);
    throw new Error(`${fault}. The options: npm start -- --help`);
  }
}

function readPort(text: string): number {
  const port = Number(text);
  if (text.trim() !== "" && Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new Error(`--port must be a number from 0 to 65535, got ${text || "nothing"}.`);
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new Error(`--cull-idle must be a number of seconds, 0 for never, got ${text || "nothing"}.`);
}

function readRoot(folder: string): string {
  const root = path.resolve(folder);
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory()) return root;
  throw new Error(`--root must be a folder that is there, got ${root}.`);
}

/** What is opened when nothing is named; another root need not have it. */
function firstDocument(root: string): string | undefined {
  const index = "notebooks/00-index.ipynb";
  return existsSync(path.join(root, index)) ? index : undefined;
}

function readArguments() {
  const { values, positionals } = parseCommandLine();
  if (positionals.length > 1)
    throw new Error(`One document can be opened, got ${positionals.join(" and ")}.`);
  const root = readRoot(values.root ?? project);
  return {
    ...values,
    port: values.port === undefined ? undefined : readPort(values.port),
    root,
    user: path.resolve(values.user ?? path.join(project, "lab", ".user")),
    cullIdleSeconds: readSeconds(values["cull-idle"] ?? "0"),
    document: positionals[0] ?? firstDocument(root),
  };
}

/** npm may pass on the Ctrl-C that the terminal has sent to the server too; both come within this, in ms. */
const samePress = 1000;

/** Stops once, however often it is asked; a second Ctrl-C does not wait for the kernels to end by themselves. */
function stopOnSignals(lab: Lab): () => void {
  let asked: number | null = null;
  const stop = async () => {
    if (asked !== null) {
      if (Date.now() - asked > samePress) process.exit(1);
      return;
    }
    asked = Date.now();
    console.log("\nStopping JupyterLab and its kernels …");
    await lab.close();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  return stop;
}

/** The last line of defence: an error that nothing caught costs what it happened in, not everybody's kernels. */
function goOnAfterErrors({ faults }: Lab): void {
  process.on("uncaughtException", (error) => faults.report("an event", error));
  process.on("unhandledRejection", (error) => faults.report("an event", error));
}

async function main(): Promise<void> {
  const options = readArguments();
  if (options.help) return void process.stdout.write(usage);
  let stop = () => {};
  const lab = await startLab({
    root: options.root,
    bundle: path.join(project, "lab", "app", "build"),
    userFolder: options.user,
    port: options.port ?? defaultPort,
    nextFreePort: options.port === undefined,
    cullIdleSeconds: options.cullIdleSeconds,
    usesTrash: options["no-trash"] ? false : undefined,
    onShutdown: () => stop(),
  });
  stop = stopOnSignals(lab);
  goOnAfterErrors(lab);
  if (options.port === undefined && lab.port !== defaultPort)
    console.log(`Port ${defaultPort} is in use, so this is ${lab.port}.`);
  const address = lab.addressOf(options.document);
  console.log(`JupyterLab is ready: ${address}\nStop it with Ctrl-C.`);
  if (!options["no-browser"]) openBrowser(address, options.user);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
