/** `nb run`: from the command line to the exit code. */
import { existsSync, realpathSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import type { Command } from "commander";
import { checkReportWritable, findNotebooks, NotebookError, type NotebookPath } from "../nbformat";
import { forShell } from "./failure-text";
import { addRunFlags, type Flags } from "./flags";
import { onInterrupt } from "./interrupts";
import { type RunOptions, runNotebooks } from "./notebooks";
import { prepareOutputFolder } from "./output-folder";
import { prepareReports, type Reporters, reporters, sharedTarget } from "./reporters";
import { durationsFile, readDurations, shardOf, writeDurations } from "./shard";
import { exitCode, exitCodes } from "./summary";
import type { RunResult } from "./types";
import { watchFiles } from "./watch";

export function addRunCommand(program: Command): void {
  const command = program
    .command("run")
    .summary("run notebooks and report each cell")
    .description("Runs notebooks, each in a kernel of its own and in its folder, and reports each cell.")
    .argument("[paths...]", "notebooks, and folders of notebooks", ["."]);
  addRunFlags(command).action(async (paths: string[], flags: Flags) => {
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
    const reports = reporters(flags.reporter ?? [], stdout, commandFor(flags));
    const options = { ...runOptions(flags, notebooks, stop.signal), durations };
    await prepareReports(flags.reporter ?? []);
    if (flags.durations !== undefined) await checkReportWritable(flags.durations);
    const { copyTo } = options;
    if (copyTo) await prepareOutputFolder(flags.outputDir!, files.map(copyTo));
    const once = (some: string[]) => runOnce(some, options, flags, reports, store);
    const run = flags.watch ? await watchRuns(files, once, stop.signal) : await once(files);
    if (flags.watch) return exitCode(run);
    return stop.signal.aborted ? exitCodes.interrupted : exitCode(run);
  } catch (error) {
    if (!(error instanceof NotebookError) && !(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitCodes.badUsage;
  } finally {
    done();
  }
}

/** Runs again what changes, until Ctrl-C; gives the last run that came to its end. */
async function watchRuns(
  files: string[],
  once: (some: string[]) => Promise<RunResult>,
  signal: AbortSignal,
): Promise<RunResult> {
  let last: RunResult | undefined;
  const again = async (changed: string[]) => {
    const run = await once(changed);
    if (!signal.aborted || !last) last = run;
    process.stdout.write("Watching for changes; Ctrl-C ends.\n");
  };
  await watchFiles(files, again, signal);
  return last!;
}

const stdout = {
  write: (text: string) => void process.stdout.write(text),
  isTTY: Boolean(process.stdout.isTTY) && !process.env.CI,
  // A terminal that does not know its width says 0.
  columns: () => process.stdout.columns || 80,
};

class UsageError extends Error {}

/** A notebook that several paths lead to runs once, and is called as by the first of them. */
function withoutRepeats(notebooks: readonly NotebookPath[]): NotebookPath[] {
  const first = new Map<string, NotebookPath>();
  for (const notebook of notebooks) {
    const file = resolve(notebook.file);
    if (!first.has(file)) first.set(file, notebook);
  }
  return [...first.values()];
}

function checkUsage(
  notebooks: readonly NotebookPath[],
  paths: string[],
  { outputDir, shard, watch, reporter = [] }: Flags,
): void {
  const shared = sharedTarget(reporter);
  if (shared !== undefined)
    throw new UsageError(
      `Two reporters would write to ${shared}. Give each a file of its own with --reporter NAME=FILE.`,
    );
  if (notebooks.length === 0)
    throw new UsageError(
      `There is no notebook (*.ipynb) in ${paths.join(", ")}. Name a notebook or another folder; --help says which are not searched.`,
    );
  if (shard && watch) throw new UsageError("--watch and --shard cannot go together. Leave one out.");
  if (outputDir === undefined) return;
  const inTheWay = notebooks.find((notebook) => isAmongCopies(notebook, outputDir));
  if (inTheWay)
    throw new UsageError(
      `--output-dir ${outputDir} holds ${inTheWay.file}, which is to run itself, so the next run would take the copies for notebooks, too. Name another folder.`,
    );
  const owners = new Map<string, string>();
  for (const { file, relative } of notebooks) {
    const target = resolve(outputDir, relative);
    if (realFile(target) === realFile(file))
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

/** Whether a notebook was found in the output folder because a folder above that one was searched. */
function isAmongCopies({ file, relative }: NotebookPath, outputDir: string): boolean {
  const isBelow = (path: string, folder: string) => path.startsWith(join(folder, sep));
  const searched = resolve(file).slice(0, -relative.length);
  return isBelow(resolve(file), resolve(outputDir)) && isBelow(resolve(outputDir), searched);
}

/** Where a path leads, also through links; the path itself where there is nothing yet. */
function realFile(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
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
    requireCode: flags.requireCode,
    shellErrors: flags.shellErrors,
    check: flags.check,
    update: flags.update,
    compare: { normalize, tolerance, images },
    copyTo: outputDir === undefined ? undefined : (file) => join(outputDir, relatives.get(file)!),
    parameters: { ...flags.paramFile, ...flags.param },
    failFast: flags.failFast,
    keepOutputs: false,
    signal,
  };
}

async function runOnce(
  files: string[],
  options: RunOptions,
  flags: Flags,
  reports: Reporters,
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
    const run = await runNotebooks(files, { ...options, signal }, reports.listener);
    await reports.writeFiles();
    await remember(store, run, flags);
    return run;
  } finally {
    clearTimeout(timer);
  }
}

/** Durations are a convenience: only a file that somebody has named must be writable. */
async function remember(store: string | null, run: RunResult, flags: Flags): Promise<void> {
  const passed = run.notebooks.filter(({ status }) => status === "passed");
  try {
    await writeDurations(store, new Map(passed.map(({ file, durationMs }) => [file, durationMs])));
  } catch (error) {
    if (flags.durations !== undefined) throw error;
  }
}

/** The command that runs one notebook as this run does. */
function commandFor({ check, kernel, rerun }: Flags): (file: string) => string {
  const flags = [check && "--check", rerun && "--rerun", kernel && `--kernel ${forShell(kernel)}`].filter(
    Boolean,
  );
  // `npx` finds the project's own; where there is none, `nb` is a global command.
  const program = existsSync(join("node_modules", ".bin", "nb")) ? "npx nb" : "nb";
  return (file) => [program, "run", forShell(file), ...flags].join(" ");
}
