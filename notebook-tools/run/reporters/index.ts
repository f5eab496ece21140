/** Which reporters a run has, and where each writes. */
import { resolve } from "node:path";
import colours from "picocolors";
import { checkReportWritable, writeReport } from "../../nbformat";
import type { Listener } from "../types";
import { githubReporter } from "./github";
import { jsonReporter } from "./json";
import { junitReporter } from "./junit";
import { plainReporter, type ReporterContext } from "./plain";
import { ttyReporter } from "./tty";

export const reporterNames = ["tty", "github", "junit", "json"] as const;
type Name = (typeof reporterNames)[number];

export interface ReporterChoice {
  name: Name;
  file: string | undefined;
}

/** `NAME` or `NAME=FILE`. Throws `RangeError`. */
export function parseReporter(text: string): ReporterChoice {
  const [name = "", ...file] = text.split("=");
  if (!(reporterNames as readonly string[]).includes(name)) {
    throw new RangeError(
      `--reporter must be one of ${reporterNames.join(", ")}, alone or as NAME=FILE, got "${text}".`,
    );
  }
  if (file.length === 0) return { name: name as Name, file: undefined };
  if (name !== "json" && name !== "junit")
    throw new RangeError(`--reporter ${name} takes no file, got "${text}"; json=FILE and junit=FILE do.`);
  if (file.join("=") === "") throw new RangeError(`--reporter ${name}= lacks the name of a file.`);
  if (/\.ipynb$/i.test(text))
    throw new RangeError(`--reporter ${name} would overwrite a notebook, got "${text}".`);
  return { name, file: file.join("=") };
}

/**
 * Where two documents would be written over each other, or a document and progress among each other: a file, or
 * `stdout`; undefined where none would.
 */
export function sharedTarget(choices: readonly ReporterChoice[]): string | undefined {
  const documents = choices.filter(({ name }) => name === "json" || name === "junit");
  const targets = documents.map(({ file }) => (file === undefined ? "stdout" : resolve(file)));
  if (documents.length < choices.length && targets.includes("stdout")) return "stdout";
  return targets.find((target, i) => targets.indexOf(target) < i);
}

interface Output {
  write(text: string): void;
  isTTY: boolean;
  columns(): number;
}

/** Progress for a person: live in a terminal, plain lines elsewhere. */
function progress(out: Output, command: (file: string) => string): Listener {
  const colour = out.isTTY ? colours : { red: String, green: String, dim: String };
  const context: ReporterContext = { write: out.write, command, colour };
  return out.isTTY ? ttyReporter(context, out.columns) : plainReporter(context);
}

/** Throws `NotebookError` where a report could not be written after the run; makes missing folders. */
export async function prepareReports(choices: readonly ReporterChoice[]): Promise<void> {
  for (const { file } of choices) if (file !== undefined) await checkReportWritable(file);
}

/** Where reports go that are files: the text of each as the last run gave it. */
type Files = Map<string, string>;

function reporter(
  { name, file }: ReporterChoice,
  out: Output,
  command: (file: string) => string,
  files: Files,
): Listener {
  const write = file === undefined ? out.write : (text: string) => void files.set(file, text);
  if (name === "json") return jsonReporter(write);
  if (name === "junit") return junitReporter(write, command);
  if (name === "github") return githubReporter(out.write, command, process.env.GITHUB_STEP_SUMMARY);
  return progress(out, command);
}

export interface Reporters {
  listener: Listener;
  /**
   * Writes what goes into files, after a run. A report that cannot be written keeps no other from being written.
   * Throws `NotebookError`.
   */
  writeFiles(): Promise<void>;
}

/** Progress shows too, unless a document goes to stdout that it would spoil. On GitHub its annotations are added. */
export function reporters(
  choices: readonly ReporterChoice[],
  out: Output,
  command: (file: string) => string,
): Reporters {
  const documentOnStdout = choices.some(
    ({ name, file }) => (name === "json" || name === "junit") && file === undefined,
  );
  const named = new Set(choices.map(({ name }) => name));
  const added: ReporterChoice[] = [];
  if (!documentOnStdout && !named.has("tty")) added.push({ name: "tty", file: undefined });
  if (!documentOnStdout && !named.has("github") && process.env.GITHUB_ACTIONS === "true")
    added.push({ name: "github", file: undefined });
  const files: Files = new Map();
  const listeners = [...added, ...choices].map((choice) => reporter(choice, out, command, files));
  return {
    listener: (event) => {
      for (const listener of listeners) listener(event);
    },
    async writeFiles() {
      const written = await Promise.allSettled([...files].map(([file, text]) => writeReport(file, text)));
      const failed = written.find((one) => one.status === "rejected");
      if (failed) throw failed.reason;
    },
  };
}
