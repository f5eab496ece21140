import { existsSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { type Place, placeOf } from "../context/host";
import type { AnyFunction } from "../task/types";
import type { Names } from "./names";
import { type FunctionCode, functionCode } from "./packed";
import { scriptOf } from "./scopes";

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
export function nameOf(fn: AnyFunction): string {
  const { value, enumerable } = Object.getOwnPropertyDescriptor(fn, "name") ?? {};
  return typeof value === "string" && !enumerable ? value : "";
}

/** Of the file that the function stands in; "" for code of no file, such as a cell. */
function folderOf(fn: AnyFunction): string {
  const url = scriptOf(fn);
  const file = url.startsWith("file:") ? fileURLToPath(url) : url;
  return isAbsolute(file) && existsSync(file) ? dirname(file) : "";
}
