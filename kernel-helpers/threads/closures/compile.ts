import { join } from "node:path";
import { compileFunction as compileText, constants } from "node:vm";
import { placeOf } from "../context/host";
import type { FunctionTarget } from "../task/message";
import type { AnyFunction } from "../task/types";
import { adopt } from "./identity";
import { type FunctionCode, type FunctionParts, functionParts } from "./packed";

/** In the worker: functions from their text. */

export interface Compiled {
  name: string;
  /** Gives the captured variables their values. */
  set(captures: object): void;
  make(): AnyFunction;
}

const functions = new Map<number, AnyFunction>();
const functionsLimit = 1000;

/** A function without captures; the loop's own is made once in a thread. */
export function functionOf({ code, id }: FunctionTarget): AnyFunction {
  let fn = functions.get(id);
  if (fn) return fn;
  const { name, make } = compile(code);
  fn = named(make(), name);
  if (id === 0) return fn;
  adopt(fn, id);
  if (functions.size >= functionsLimit) functions.clear();
  functions.set(id, fn);
  return fn;
}

export function named(fn: AnyFunction, name: string): AnyFunction {
  if (name !== "" && fn.name !== name) Object.defineProperty(fn, "name", { value: name, configurable: true });
  return fn;
}

const factories = new Map<FunctionCode, () => Compiled>();

/** Compiles a source once in this thread; each call gives it variables of its own. */
export function compile(code: FunctionCode): Compiled {
  let factory = factories.get(code);
  if (!factory) {
    const parts = functionParts(code);
    const { name, folder } = parts;
    if (folder !== undefined) silenceLoaderWarning();
    const text = factoryText(parts);
    const make = compileText(text, [], {
      ...placed(parts, text),
      importModuleDynamically: constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as () => Omit<Compiled, "name">;
    factory = () => Object.assign(make(), { name });
    factories.set(code, factory);
  }
  return factory();
}

/** Stack traces count in the cell where a function stands, or in its own text. */
function placed({ name, source, folder, place: known }: FunctionParts, text: string) {
  const before = text.indexOf(source);
  // One that was written within a function which ran in a thread has its place in a cell, of which the thread knows nothing.
  const place = known ?? placeOf(source);
  if (place) {
    return { filename: place.file, lineOffset: place.line - 1, columnOffset: place.column - 1 - before };
  }
  const label = `[${name || "function"} in a worker thread]`;
  // `import()` resolves from the folder of the file name.
  return { filename: folder ? join(folder, label) : label, columnOffset: -before };
}

/** All on the first line, so that line numbers in stacks count in the function's own text. */
function factoryText({ names, source, sloppy }: FunctionParts): string {
  const strict = sloppy ? "" : '"use strict"; ';
  const variables = names.length > 0 ? `let ${names.join(", ")}; ` : "";
  const set = names.length > 0 ? `({ ${names.join(", ")} } = captures)` : "";
  return `${strict}${variables}return { set(captures) { ${set} }, make() { return (${source}\n) } };`;
}

/** A ReferenceError of code that a function gave to `eval`, which cannot be read beforehand, gets the reason. */
export function explainEval(error: Error): void {
  const inEval = /\(eval at .*\[.* in a worker thread\]/.test(error.stack ?? "");
  if (!(error instanceof ReferenceError) || !inEval || error.message.includes("eval")) return;
  const { message } = error;
  error.message =
    `${message}. Code given to \`eval\` in a thread does not see the variables around the function, of which only ` +
    "those go along that its own text names: name the variable outside of the string, or pass it as an argument.";
  error.stack = error.stack?.replace(message, () => error.message);
}

let silenced = false;

/** Node warns of the option above as experimental; that it is used is no matter of the program's. */
function silenceLoaderWarning(): void {
  if (silenced) return;
  silenced = true;
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).includes("vm.USE_MAIN_CONTEXT_DEFAULT_LOADER")) return;
    (emitWarning as (...args: unknown[]) => void).call(process, warning, ...rest);
  };
}
