import { serialize } from "node:v8";
import type { BundleTarget, FunctionTarget } from "../task/message";
import type { AnyFunction } from "../task/types";
import { codeOf, nameOf } from "./function-code";
import { idOf } from "./identity";
import { integrityOf, ownMembers, prototypeMembers } from "./members";
import { referenceOf } from "./modules";
import { Names } from "./names";
import { pack } from "./pack";
import { DataCloneError } from "./refusal";

/** A task's function, looked at before anything is packed: most are code alone. */

/** What is the same for each task of a function. */
export interface Ready {
  target: FunctionTarget | BundleTarget;
  /** The functions whose text says all of them: the task's own, and those that it captures. */
  packed: Readings[];
  /** The functions of the program that travel by number. */
  along: AnyFunction[];
}

/** Without the values that its variables had, which nothing must keep. */
type Readings = Pick<Names, "fn" | "analysis">;

const ready = new WeakMap<AnyFunction, Ready | "captures">();

/**
 * What the worker needs of a task's function: when it captures nothing, or only constants, its code and theirs; else
 * its names, to pack along with what they stand for. Neither for a function that is found by reference.
 */
export function inspectTask(fn: AnyFunction, path: string): { ready?: Ready; names?: Names } {
  const known = ready.get(fn);
  if (known !== undefined && known !== "captures" && known.packed.every(isAsItsText)) return { ready: known };
  if (known === undefined && referenceOf(fn)) return {};
  const names = new Names(fn, path);
  if (names.analysis.shape === "class") throw classAsTask(fn);
  if (names.analysis.methodThis)
    throw new DataCloneError(path, "a method cut off from its `this`", "Pass the data as an argument.");
  const made = names.captureNothing() ? codeAlone(names) : bundle(names);
  if (made) ready.set(fn, made);
  else if (known === undefined) ready.set(fn, "captures");
  return made ? { ready: made } : { names };
}

function codeAlone(names: Names): Ready | undefined {
  if (!isAsItsText(names)) return undefined;
  return { target: { code: codeOf(names, []), id: idOf(names.fn) }, packed: [readingsOf(names)], along: [] };
}

function readingsOf({ fn, analysis }: Names): Readings {
  return { fn, analysis };
}

/** Nobody has put anything on the function, or on its prototype. */
function isAsItsText({ fn, analysis }: Readings): boolean {
  return ownMembers(fn).length === 0 && !prototypeMembers(fn, analysis) && !integrityOf(fn);
}

function classAsTask(fn: AnyFunction): TypeError {
  const name = nameOf(fn);
  return new TypeError(
    `${name || "The task"} is a class, which a thread cannot call. Give a function that makes the instance and ` +
      `returns data: \`() => new ${name || "Class"}(…).method()\`.`,
  );
}

// ---- Constants ----

/**
 * A task that captures nothing but constants of which no task can change anything: functions, what modules export, and
 * primitive values. It is packed once, into one string. Undefined where there is, or may be, anything else.
 */
function bundle(names: Names): Ready | undefined {
  const found = new Map<AnyFunction, Names>();
  if (!isConstantFunction(names, found)) return undefined;
  const along: AnyFunction[] = [];
  const packed = pack({ fn: names.fn }, { fn: names.path }, { transfer: [], functions: along, task: names });
  const target = { bundle: serialize(packed).toString("latin1"), id: idOf(names.fn) };
  return { target, packed: Array.from(found.values(), readingsOf), along };
}

function isConstantFunction(names: Names, found: Map<AnyFunction, Names>): boolean {
  const { fn, analysis, path } = names;
  if (found.has(fn)) return true;
  if (!names.areConstant || analysis.shape === "class" || !isAsItsText(names)) return false;
  found.set(fn, names);
  for (const [name, { writes, mutations }] of analysis.free) {
    // What is lost is said at each run of a cell.
    if (writes.size > 0 || mutations.some(({ method }) => method === undefined)) return false;
    if (!isConstantValue(names.find(name)?.value, `${path} → ${name}`, found)) return false;
  }
  return true;
}

function isConstantValue(value: unknown, path: string, found: Map<AnyFunction, Names>): boolean {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return true;
  if (referenceOf(value)) return true;
  return typeof value === "function" && isConstantFunction(new Names(value as AnyFunction, path), found);
}
