/** The flags of `nb run`: their words, and what they may hold. */
import { type Command, InvalidArgumentError } from "commander";
import { type CompareOptions, normalizers } from "./compare";
import { parseParameter, readParameters } from "./parameters";
import { longestTimer } from "./plan";
import { parseReporter, type ReporterChoice, reporterNames } from "./reporters";
import { parseShard, type Shard } from "./shard";

export interface Flags {
  jobs: number;
  timeout: number;
  notebookTimeout?: number;
  runTimeout?: number;
  settle?: number;
  kernel?: string;
  rerun?: boolean;
  check?: boolean;
  requireCode?: boolean;
  shellErrors?: boolean;
  update?: boolean;
  outputDir?: string;
  normalize?: NonNullable<CompareOptions["normalize"]>;
  tolerance: number;
  images: "kind" | "hash";
  shard?: Shard;
  durations?: string;
  param?: Record<string, unknown>;
  paramFile?: Record<string, unknown>;
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

const seconds = valid((text) => {
  const value = Number(text);
  if (!(value > 0 && value * 1000 <= longestTimer))
    throw new RangeError(
      `Expected seconds above 0, at most ${Math.floor(longestTimer / 1000)}, got "${text}".`,
    );
  return value;
});

const notNegative = (what: string, most = Number.MAX_VALUE) =>
  valid((text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= 0 && value <= most))
      throw new RangeError(
        `Expected ${what} of at least 0${most < Number.MAX_VALUE ? `, at most ${most}` : ""}, got "${text}".`,
      );
    return value;
  });

/** Nothing is what an unset variable of a script leaves. */
const named = (what: string) =>
  valid((text) => {
    if (text.trim() === "") throw new RangeError(`Expected the name of a ${what}, got nothing.`);
    return text;
  });

/** A notebook here is the path that follows a forgotten value, and would be overwritten. */
const notNotebook = (parse: (text: string) => string) =>
  valid((text) => {
    if (/\.ipynb$/i.test(text)) throw new RangeError(`Expected a file to write, got the notebook "${text}".`);
    return parse(text);
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
A folder is searched for *.ipynb without hidden folders, node_modules, Python environments, executed copies of
--output-dir, and what Git ignores. Whatever is named itself runs.

A cell passes only if it was sent, ran, replied ok, went idle, its kernel lives, and nothing failed
afterwards. Tags on cells: raises-exception (must fail), skip-execution, ignore-output, measured
(compared by shape), timeout:N (seconds), parameters (--param is set after it).

Exit codes: 0 all passed; 1 a cell failed or differed; 2 bad usage, a bad notebook, or outputs that could
not be stored; 3 a kernel could not be had; 130 interrupted.

Examples:
  nb run                                run every notebook below this folder
  nb run notebooks --jobs 2 --check     compare with the stored outputs, two at once
  nb run notebooks/02.ipynb --update    store the outputs
  nb run notebooks --shard 1/3 --reporter junit=shard-1.xml`;

/** What may differ between outputs without counting. */
export function addCompareFlags(command: Command): Command {
  return command
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
    .option("--images <how>", "compare images by kind or by hash", images, "kind");
}

/** Adds the flags and what follows them in the help. */
export function addRunFlags(command: Command): Command {
  return addCompareFlags(command)
    .option("-j, --jobs <n>", "notebooks at once", whole, 1)
    .option("--timeout <s>", "seconds for a cell; its tag timeout:N goes before", seconds, 60)
    .option("--notebook-timeout <s>", "seconds for a notebook", seconds)
    .option("--run-timeout <s>", "seconds for the whole run", seconds)
    .option(
      "--settle <ms>",
      "most time to wait after the last cell for late failures (default: 5000 where the kernel tells what is left, else 100)",
      notNegative("milliseconds", longestTimer),
    )
    .option("-k, --kernel <name>", "kernel to use instead of the notebook's own", named("kernel"))
    .option("--rerun", "run every code cell a second time in the same kernel")
    .option("--require-code", "a notebook without code to run fails, since it tests nothing")
    .option("--shell-errors", "a cell fails whose last shell command (!command) did not end with 0 (IPython)")
    .option("--check", "compare with the stored outputs")
    .option("--update", "write outputs in place; stored ones that --check accepts stay")
    .option("--output-dir <dir>", "write executed copies into a folder", named("folder"))
    .option("--shard <i/n>", "only the i-th of n parts, balanced by known durations", valid(parseShard))
    .option(
      "--durations <file>",
      "where durations are kept (default: in node_modules/.cache)",
      notNotebook(named("file")),
    )
    .option(
      "-p, --param <name=value>",
      "value for the cell tagged parameters; JSON or text; repeatable",
      addParameter,
    )
    .option(
      "--param-file <file>",
      "the same from a JSON object; --param goes before it",
      valid(readParameters),
    )
    .option("-w, --watch", "run again what changes, until Ctrl-C")
    .option("--fail-fast", "stop at the first failure")
    .option(
      "-r, --reporter <name[=file]>",
      `${reporterNames.join(", ")}; default tty; repeatable`,
      addReporter,
    )
    .addHelpText("after", details);
}
