/** Absolute paths of a machine -> paths relative to the notebook's folder, so that stacks are the same everywhere. Pure. */
import { multilineText, type Output } from "../nbformat/browser";

/** Absolute paths, without a separator at the end. */
export interface Folders {
  /** The notebook's. */
  cwd: string;
  /** The outermost folder of the notebook's project: `cwd`, or above it. */
  root: string;
  /** The user's; undefined where it is not known. */
  home?: string;
}

const partsOf = (path: string): string[] => path.split(/[\\/]/).filter(Boolean);

/** The path of `rest`, which is below the root, as seen from the notebook's folder. */
function fromCwd(rest: string, { cwd, root }: Folders): string {
  const here = partsOf(cwd.slice(root.length));
  const there = partsOf(rest);
  while (here.length > 0 && here[0] === there[0]) {
    here.shift();
    there.shift();
  }
  return [...here.map(() => ".."), ...there].join("/") || ".";
}

/** Text with paths inside the notebook's project relative to `cwd`, and the home folder as `~`. */
export function relativeText(text: string, folders: Folders): string {
  const { root, home } = folders;
  const hasHome = home !== undefined && text.includes(home);
  if (!text.includes(root) && !hasHome) return text;
  const escaped = root.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const below = new RegExp(`(?:file://)?${escaped}[/\\\\]([^\\s"'\`:)<>]*)`, "g");
  const within = text.replace(below, (_, rest: string) => fromCwd(rest, folders));
  return hasHome ? within.replaceAll(`${home}/`, "~/").replaceAll(`${home}\\`, "~/") : within;
}

const stackLine = /^.*\bat .*:\d+:\d+\)?$/gm;

function relativeOutput(output: Output, folders: Folders): Output {
  if (output.output_type === "error") {
    const { evalue, traceback } = output;
    return {
      ...output,
      evalue: relativeText(evalue, folders),
      traceback: traceback.map((line) => relativeText(line, folders)),
    };
  }
  if (output.output_type !== "stream") return output;
  const text = multilineText(output.text);
  // What a cell prints on purpose stays as it is, apart from a stack.
  if (output.name === "stderr") return { ...output, text: relativeText(text, folders) };
  if (!text.includes(folders.root)) return output;
  return { ...output, text: text.replace(stackLine, (line) => relativeText(line, folders)) };
}

export function relativeOutputs(outputs: readonly Output[], folders: Folders): Output[] {
  return outputs.map((output) => relativeOutput(output, folders));
}
