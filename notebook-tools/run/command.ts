/** `nb run`: from the command line to the exit code. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { findNotebooks, NotebookError, type NotebookPath } from "../nbformat";
import { type CompareOptions, normalizers } from "./compare";
import { onInterrupt } from "./interrupts";
import { type RunOptions, runNotebooks } from "./notebooks";
import { parseParameter } from "./parameters";
import { parseReporter, type ReporterChoice, reporterNames, reporters } from "./reporters";
import { durationsFile, parseShard, readDurations, type Shard, shardOf, writeDurations } from "./shard";
import { exitCode, exitCodes } from "./summary";
import type { Listener, RunResult } from "./types";
import { watchFiles } from "./watch";

interface Flags {
  jobs: number;
  timeout: number;
  notebookTimeout?: number;
  runTimeout?: number;
  settle: number;
  kernel?: string;
  rerun?: boolean;
  check?: boolean;
  update?: boolean;
  outputDir?: string;
  normalize?: NonNullable<CompareOptions["normalize"]>;
  tolerance: number;
  images: "kind" | "hash";
  shard?: Shard;
  durations?: string;
  param?: Record<string, unknown>;
  watch?: boolean;
  failFast?: boolean;
  reporter?: ReporterChoice[];
}

/** What commander reports as a bad value. */
function valid<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof RangeError ? error.message : String(error));
    }
  };
}

const positive = (what: string) =>
  valid((text) => {
    const value = Number(text);
    if (!(value > 0)) throw new RangeError(`Expected ${what} above 0, got "${text}".`);
    return value;
  });

const notNegative = (what: string) =>
  valid((text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= 0))
      throw new RangeError(`Expected ${what} of at least 0, got "${text}".`);
    return value;
  });

const whole = valid((text) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`Expected a whole number of at least 1, got "${text}".`);
  return value;
});

const chosenNormalizers = valid((text) => {
  const names = text === "all" ? [...normalizers] : text.split(",");
  const unknown = names.find((name) => !(normalizers as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new RangeError(`Expected some of ${normalizers.join(",")}, or all, got "${unknown}".`);
  return names as (typeof normalizers)[number][];
});

const images = valid((text) => {
  if (text !== "kind" && text !== "hash") throw new RangeError(`Expected kind or hash, got "${text}".`);
  return text;
});

function addParameter(text: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const [name, value] = valid(parseParameter)(text);
  return { ...before, [name]: value };
}

const addReporter = (text: string, before: ReporterChoice[] = []): ReporterChoice[] => [
  ...before,
  valid(parseReporter)(text),
];

const details = `
A cell passes only if it was sent, ran, replied ok, went idle, its kernel lives, and nothing failed
afterwards. Tags on cells: raises-exception (must fail), skip-execution, ignore-output, measured
(compared by shape), timeout:N (seconds), parameters (--param is set after it).

Exit codes: 0 all passed; 1 a cell failed or differed; 2 bad usage or a bad notebook; 3 a kernel could
not be had; 130 interrupted.

Examples:
  nb run                                run every notebook below this folder
  nb run notebooks --jobs 2 --check     compare with the stored outputs, two at once
  nb run notebooks/02.ipynb --update    store the outputs
  nb run notebooks --shard 1/3 --reporter junit=shard-1.xml`;

export function addRunCommand(program: Command): void {
  program
    .command("run")
    .summary("run notebooks and report each cell")
    .description("Runs notebooks, each in a kernel of its own and in its folder, and reports each cell.")
    .argument("[paths...]", "notebooks, and folders of notebooks", ["."])
    .option("-j, --jobs <n>", "notebooks at once", whole, 1)
    .option("--timeout <s>", "seconds for a cell; its tag timeout:N goes before", positive("seconds"), 60)
    .option("--notebook-timeout <s>", "seconds for a notebook", positive("seconds"))
    .option("--run-timeout <s>", "seconds for the whole run", positive("seconds"))
    .option(
      "--settle <ms>",
      "how long to listen after the last cell for late failures",
      notNegative("milliseconds"),
      100,
    )
    .option("-k, --kernel <name>", "kernel to use instead of the notebook's own")
    .option("--rerun", "run every code cell a second time in the same kernel")
    .option("--check", "compare with the stored outputs")
    .option("--update", "write outputs in place; stored ones that --check accepts stay")
    .option("--output-dir <dir>", "write executed copies into a folder")
    .option(
      "--normalize <kinds>",
      `what may differ in text: ${normalizers.join(",")}, or all`,
      chosenNormalizers,
    )
    .option(
      "--tolerance <share>",
      "how far numbers may differ, as a share, such as 1e-6",
      notNegative("a share"),
      0,
    )
    .option("--images <how>", "compare images by kind or by hash", images, "kind")
    .option("--shard <i/n>", "only the i-th of n parts, balanced by known durations", valid(parseShard))
    .option("--durations <file>", "where durations are kept (default: in node_modules/.cache)")
    .option(
      "-p, --param <name=value>",
      "value for the cell tagged parameters; JSON or text; repeatable",
      addParameter,
    )
    .option("-w, --watch", "run again what changes, until Ctrl-C")
    .option("--fail-fast", "stop at the first failure")
    .option("-r, --reporter <name[=file]>", `${reporterNames.join(", ")}; repeatable`, addReporter, [])
    .addHelpText("after", details)
    .action(async (paths: string[], flags: Flags) => {
      process.exitCode = await runCommand(paths, flags);
    });
}

async function runCommand(paths: string[], flags: Flags): Promise<number> {
  const stop = new AbortController();
  const done = onInterrupt((reason) => stop.abort(reason));
  try {
    const notebooks = withoutRepeats(await findNotebooks(paths));
    checkUsage(notebooks, paths, flags);
    const store = flags.durations ?? durationsFile(process.cwd());
    const all = notebooks.map(({ file }) => file);
    const durations = readDurations(store, all);
    const files = flags.shard ? shardOf(all, flags.shard, durations) : all;
    const listener = reporters(flags.reporter ?? [], stdout, commandFor(flags));
    const options = { ...runOptions(flags, notebooks, stop.signal), durations };
    const once = (some: string[]) => runOnce(some, options, flags, listener, store);
    let run = await once(files);
    if (flags.watch) {
      process.stdout.write("Watching for changes; Ctrl-C ends.\n");
      const again = async (changed: string[]) => {
        run = await once(changed);
      };
      await watchFiles(files, again, stop.signal);
      return exitCode(run);
    }
    return stop.signal.aborted ? exitCodes.interrupted : exitCode(run);
  } catch (error) {
    if (!(error instanceof NotebookError) && !(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitCodes.badUsage;
  } finally {
    done();
  }
}

const stdout = {
  write: (text: string) => void process.stdout.write(text),
  isTTY: Boolean(process.stdout.isTTY) && !process.env.CI,
  columns: () => process.stdout.columns ?? 80,
};

class UsageError extends Error {}

/** A notebook that two paths lead to runs once. */
function withoutRepeats(notebooks: readonly NotebookPath[]): NotebookPath[] {
  return [...new Map(notebooks.map((notebook) => [resolve(notebook.file), notebook])).values()];
}

function checkUsage(
  notebooks: readonly NotebookPath[],
  paths: string[],
  { outputDir, shard, watch }: Flags,
): void {
  if (notebooks.length === 0)
    throw new UsageError(
      `There is no notebook (*.ipynb) in ${paths.join(", ")}. Name a notebook or another folder.`,
    );
  if (shard && watch) throw new UsageError("--watch and --shard cannot go together. Leave one out.");
  if (outputDir === undefined) return;
  const owners = new Map<string, string>();
  for (const { file, relative } of notebooks) {
    const target = resolve(outputDir, relative);
    if (target === resolve(file))
      throw new UsageError(
        `--output-dir ${outputDir} would overwrite ${file}. Name another folder, or use --update.`,
      );
    const owner = owners.get(target);
    if (owner)
      throw new UsageError(
        `${owner} and ${file} would become the same copy ${target}. Run them into different folders.`,
      );
    owners.set(target, file);
  }
}

function runOptions(flags: Flags, notebooks: readonly NotebookPath[], signal: AbortSignal): RunOptions {
  const { outputDir, notebookTimeout, normalize, tolerance, images } = flags;
  const relatives = new Map(notebooks.map(({ file, relative }) => [file, relative]));
  return {
    jobs: flags.jobs,
    timeoutMs: flags.timeout * 1000,
    notebookTimeoutMs: notebookTimeout === undefined ? undefined : notebookTimeout * 1000,
    settleMs: flags.settle,
    kernel: flags.kernel,
    rerun: flags.rerun,
    check: flags.check,
    update: flags.update,
    compare: { normalize, tolerance, images },
    copyTo: outputDir === undefined ? undefined : (file) => join(outputDir, relatives.get(file)!),
    parameters: flags.param,
    failFast: flags.failFast,
    signal,
  };
}

async function runOnce(
  files: string[],
  options: RunOptions,
  flags: Flags,
  listener: Listener,
  store: string | null,
): Promise<RunResult> {
  const limit = new AbortController();
  const timer =
    flags.runTimeout === undefined
      ? undefined
      : setTimeout(
          () => limit.abort(`the run took longer than ${flags.runTimeout} s (--run-timeout)`),
          flags.runTimeout * 1000,
        );
  const signal = AbortSignal.any([limit.signal, options.signal!]);
  try {
    const run = await runNotebooks(files, { ...options, signal }, listener);
    const passed = run.notebooks.filter(({ status }) => status === "passed");
    writeDurations(store, new Map(passed.map(({ file, durationMs }) => [file, durationMs])));
    return run;
  } finally {
    clearTimeout(timer);
  }
}

/** The command that runs one notebook as this run does. */
function commandFor({ check, kernel, rerun }: Flags): (file: string) => string {
  const flags = [check && "--check", rerun && "--rerun", kernel && `--kernel ${kernel}`].filter(Boolean);
  const quoted = (file: string) => (/[^\w./\\:@+-]/.test(file) ? JSON.stringify(file) : file);
  // `npx` finds the project's own; where there is none, `nb` is a global command.
  const program = existsSync(join("node_modules", ".bin", "nb")) ? "npx nb" : "nb";
  return (file) => [program, "run", quoted(file), ...flags].join(" ");
}
