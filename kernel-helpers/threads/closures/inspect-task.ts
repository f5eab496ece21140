import { existsSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { type Place, placeOf } from "../context/host";
import type { FunctionTarget } from "../task/message";
import type { AnyFunction } from "../task/types";
import { idOf } from "./identity";
import { referenceOf } from "./modules";
import { Names } from "./names";
import { type FunctionCode, functionCode } from "./packed";
import { DataCloneError } from "./refusal";
import { scriptOf } from "./scopes";

/** A task's function, looked at before anything is packed: most are code alone. */

const alone = new WeakMap<AnyFunction, FunctionTarget | null>();

/**
 * What the worker needs of a task's function: its code alone, when it captures nothing and has no properties,
 * else its names, to pack along with what they stand for. Neither for a function that is found by reference.
 */
export function inspectTask(fn: AnyFunction, path: string): { target?: FunctionTarget; names?: Names } {
  const known = alone.get(fn);
  if (known && Object.keys(fn).length === 0) return { target: known };
  if (known === undefined && referenceOf(fn)) return {};
  const names = new Names(fn, path);
  if (names.analysis.shape === "class") throw classAsTask(fn);
  if (names.analysis.methodThis)
    throw new DataCloneError(path, "a method cut off from its `this`", "Pass the data as an argument.");
  // What a name is bound to may change; that it is bound may not.
  if (known !== undefined || !names.captureNothing()) {
    if (known === undefined) alone.set(fn, null);
    return { names };
  }
  const target = { code: codeOf(names, []), id: idOf(fn) };
  alone.set(fn, target);
  return Object.keys(fn).length === 0 ? { target } : { names };
}

function classAsTask(fn: AnyFunction): TypeError {
  const name = nameOf(fn);
  return new TypeError(
    `${name || "The task"} is a class, which a thread cannot call. Give a function that makes the instance and ` +
      `returns data: \`() => new ${name || "Class"}(…).method()\`.`,
  );
}

/** A function that captures something is packed for each task: its text is looked for once. */
const places = new Map<string, Place | undefined>();
const placesLimit = 1000;

function knownPlace(source: string): Place | undefined {
  if (places.has(source)) return places.get(source);
  if (places.size >= placesLimit) places.clear();
  const place = placeOf(source);
  places.set(source, place);
  return place;
}

export function codeOf({ fn, analysis }: Names, captured: string[]): FunctionCode {
  return functionCode({
    source: analysis.source,
    names: captured,
    name: nameOf(fn),
    sloppy: Object.hasOwn(fn, "caller"),
    folder: analysis.imports ? folderOf(fn) : undefined,
    place: knownPlace(analysis.source),
  });
}

/** "" where a static member called `name` took the name's place. */
function nameOf(fn: AnyFunction): string {
  const { value, enumerable } = Object.getOwnPropertyDescriptor(fn, "name") ?? {};
  return typeof value === "string" && !enumerable ? value : "";
}

/** Of the file that the function stands in; "" for code of no file, such as a cell. */
function folderOf(fn: AnyFunction): string {
  const url = scriptOf(fn);
  const file = url.startsWith("file:") ? fileURLToPath(url) : url;
  return isAbsolute(file) && existsSync(file) ? dirname(file) : "";
}
