import { dirname } from "node:path";
import { explainRebuilt } from "./rebuilt";

/** Where a task was submitted; V8 makes the text of `stack` when it is read. */
export interface SubmitSite {
  stack?: string;
}

/** Frames of this package, which come first, and of the program: each costs half a microsecond a task. */
const frames = 8;

/**
 * To be called by the public function itself, or right beneath it, when the task is on its way: the thread wakes
 * meanwhile. Frames of this package are left out of what is shown.
 */
export function submitSite(): SubmitSite {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = Math.min(frames, stackTraceLimit);
  const site = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return site;
}

/** Adds where the task was submitted below the worker's own frames. */
export function withSubmitSite(
  error: unknown,
  { site }: { site: SubmitSite },
  thread: { name: string },
): unknown {
  if (!(error instanceof Error)) return error;
  explainRebuilt(error);
  const from = own(site.stack ?? "").replace(/^.*\n/, "");
  const stack = `${own(error.stack ?? String(error))}\n    --- submitted to ${thread.name} from ---\n${from}`;
  Object.defineProperty(error, "stack", { value: stack, writable: true, configurable: true });
  return error;
}

const internal = [
  "/piscina/dist/",
  "node:internal/async_local_storage",
  "(node:async_hooks",
  "AsyncLocalStorage.run",
];

/** Without the frames of this package and of Piscina, which are the same for every task. */
function own(stack: string): string {
  const isOurs = (line: string) => {
    if (!/^\s+at /.test(line)) return false;
    const path = line.replaceAll("\\", "/");
    return path.includes(here) || internal.some((each) => path.includes(each));
  };
  return stack
    .split("\n")
    .filter((line) => !isOurs(line))
    .join("\n");
}

const here = `${dirname(__dirname).replaceAll("\\", "/")}/`;
