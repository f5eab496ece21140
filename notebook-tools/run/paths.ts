/** Absolute paths of this machine -> paths relative to the notebook's folder, so that stacks are the same everywhere. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { multilineText, type Output } from "../nbformat";

const projectMarks = [".git", "package.json", "pyproject.toml"];

/** The outermost folder above that looks like a project's, so that hoisted `node_modules` lie within. */
function findRoot(folder: string): string {
  const parent = dirname(folder);
  const above = parent === folder ? null : findRoot(parent);
  if (above !== null && above !== parent) return above;
  const isRoot = (at: string) => projectMarks.some((mark) => existsSync(join(at, mark)));
  if (above !== null && isRoot(parent)) return parent;
  return folder;
}

const roots = new Map<string, { root: string; pattern: RegExp }>();

function rootOf(cwd: string): { root: string; pattern: RegExp } {
  const known = roots.get(cwd);
  if (known) return known;
  const root = findRoot(cwd);
  const escaped = root.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const found = { root, pattern: new RegExp(`(?:file://)?${escaped}[/\\\\]([^\\s"'\`:)<>]*)`, "g") };
  roots.set(cwd, found);
  return found;
}

/** Text with paths inside the notebook's project relative to `cwd`, and the home folder as `~`. */
export function relativeText(text: string, cwd: string): string {
  const { root, pattern } = rootOf(cwd);
  if (!text.includes(root) && !text.includes(homedir())) return text;
  const within = text.replace(
    pattern,
    (_, rest: string) => relative(cwd, join(root, rest)).split(sep).join("/") || ".",
  );
  return within.replaceAll(`${homedir()}${sep}`, "~/");
}

const stackLine = /^.*\bat .*:\d+:\d+\)?$/gm;

function relativeOutput(output: Output, cwd: string): Output {
  if (output.output_type === "error") {
    const { evalue, traceback } = output;
    return {
      ...output,
      evalue: relativeText(evalue, cwd),
      traceback: traceback.map((line) => relativeText(line, cwd)),
    };
  }
  if (output.output_type !== "stream") return output;
  const text = multilineText(output.text);
  // What a cell prints on purpose stays as it is, apart from a stack.
  if (output.name === "stderr") return { ...output, text: relativeText(text, cwd) };
  if (!text.includes(rootOf(cwd).root)) return output;
  return { ...output, text: text.replace(stackLine, (line) => relativeText(line, cwd)) };
}

export function relativeOutputs(outputs: readonly Output[], cwd: string): Output[] {
  return outputs.map((output) => relativeOutput(output, cwd));
}
