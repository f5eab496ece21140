import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { recordEvent, recordTask, sharedRing } from "../../timing/recorder";
import { exportContext } from "../context/wire-context";
import type { TaskMessage } from "../task/message";
import { runs, type SubmitOptions } from "../task/options";
import { checkTransfer } from "../task/transfer-list";
import { type AnyFunction, functionName } from "../task/types";
import { inspectTask } from "./inspect-task";
import { requireFromHere } from "./modules";
import type { Names } from "./names";
import { packCall } from "./pack";

let lastId = 0;

export interface PackedTask {
  message: TaskMessage;
  name: string;
  transfer: object[];
  functions: AnyFunction[];
}

/** Everything that goes to the worker; throws DataCloneError for what cannot. */
export function makeTaskMessage(fn: AnyFunction, args: unknown[], options: SubmitOptions): PackedTask {
  const name = options.name ?? nameOf(fn);
  const transfer = options.transfer ? checkTransfer(options.transfer) : [];
  const message: TaskMessage = { id: ++lastId };
  if (options.each) message.each = true;
  const functions: AnyFunction[] = [fn];
  fillMessage(message, fn, args, name, transfer, functions, options);
  const ring = sharedRing();
  if (ring) {
    message.task = recordTask(options.name ?? labelOf(name, args));
    message.ring = ring;
  }
  return { message, name, transfer, functions };
}

/** Notes on the loop, while the task is recorded, that it ended in a way of which its thread cannot tell. */
export function recordEnd(kind: "stopped" | "died", { task, ring }: TaskMessage): void {
  if (task !== undefined && ring === sharedRing()) recordEvent(kind, task);
}

function fillMessage(
  message: TaskMessage,
  fn: AnyFunction,
  args: unknown[],
  name: string,
  transfer: object[],
  functions: AnyFunction[],
  options: SubmitOptions,
): void {
  const context = options.context ? exportContext((value) => value) : undefined;
  const { target, names, along } = inspect(fn, name, options);
  if (target) message.target = target;
  if (along) functions.push(...along);
  const call = target ? { args, context } : { fn, args, context };
  Object.assign(
    message,
    packCall(call, name, {
      transfer,
      functions,
      captures: options.captures,
      task: names,
      runs: options[runs],
    }),
  );
}

/** With values given for its captures, a function is packed with them whatever it captures. */
function inspect(fn: AnyFunction, name: string, { captures }: SubmitOptions): InspectedTask {
  const target = moduleOf(fn);
  if (target) return { target };
  if (captures) return {};
  const { ready, names } = inspectTask(fn, name);
  return ready ?? { names };
}

interface InspectedTask {
  target?: TaskMessage["target"];
  names?: Names;
  /** The functions of the program that go along with the target. */
  along?: AnyFunction[];
}

const longestLabel = 20;

/** What charts call the task: with its first argument where that is short, to tell calls of one function apart. */
function labelOf(name: string, args: unknown[]): string {
  const [first] = args;
  const short = typeof first === "number" || (typeof first === "string" && first.length <= longestLabel);
  return short ? `${name} ${first}` : name;
}

function nameOf(fn: AnyFunction): string {
  return moduleOf(fn)?.name ?? functionName(fn);
}

// ---- Tasks that live in a module's file ----

const moduleTasks = new WeakMap<AnyFunction, { module: string; name: string }>();

function moduleOf(fn: AnyFunction): { module: string; name: string } | undefined {
  return moduleTasks.get(fn);
}

/**
 * A function of a module, by file and export name, to give to `toThread` and `submit`: the worker loads
 * the module itself, so nothing of it has to be copied. `file` is a path (relative to the working
 * directory), a file URL or a package's name; CommonJS and ES modules both work. Throws when the package is not
 * found; that the file is missing, cannot be loaded by Node itself (a thread has no loader such as ts-node) or has no
 * such export is an error of the task. Called directly, the function runs here, and gives a promise.
 *
 * @example
 * const countPrimes = moduleTask<typeof import("./primes").countPrimes>("./primes.js", "countPrimes");
 * await toThread(countPrimes, 1_000_000);
 */
export function moduleTask<F extends AnyFunction>(file: string | URL, name = "default"): F {
  const module = locate(file);
  const task = async (...args: unknown[]) => {
    const exports = (await import(module)) as Record<string, AnyFunction>;
    return exports[name]!(...args);
  };
  Object.defineProperty(task, "name", { value: name });
  moduleTasks.set(task, { module, name });
  return task as unknown as F;
}

function locate(file: string | URL): string {
  const text = String(file);
  if (text.startsWith("file:") || text.startsWith("node:")) return text;
  if (text.startsWith(".") || isAbsolute(text)) return pathToFileURL(resolve(text)).href;
  return pathToFileURL(requireFromHere().resolve(text)).href;
}
