import { types } from "node:util";
import { notebookVariables } from "../context/host";
import type { AnyFunction } from "../task/types";
import { analyse } from "./analyse";
import type { Analysis } from "./analysis";
import { constantsOf } from "./constants";
import { DataCloneError } from "./refusal";
import { privateStaticsOf, scopesOf } from "./scopes";

/** The value of a captured variable. */
export interface Bound {
  value: unknown;
}

/** What is known of a function. */
interface Known {
  /** What never changes: a name that no scope binds, and the value of a constant. */
  settled: Map<string, Bound | "global">;
  /** How often its scopes were read. */
  reads: number;
  isConstant: (name: string) => boolean;
}

const known = new WeakMap<AnyFunction, Known>();

/** To find the constants takes as long as to read the scopes some hundreds of times. */
const readsBeforeSearch = 200;

function knownOf(fn: AnyFunction): Known {
  let found = known.get(fn);
  if (!found) {
    found = { settled: new Map(), reads: 0, isConstant: () => false };
    known.set(fn, found);
  }
  return found;
}

/** What the names in a function's text mean at this moment. The scopes are read once, and only when needed. */
export class Names {
  readonly analysis: Analysis;
  private readonly known: Known;
  private scopes: object[] | undefined;

  /** Throws DataCloneError for a function whose text does not say all that it does. */
  constructor(
    readonly fn: AnyFunction,
    readonly path: string,
  ) {
    this.analysis = analyseFunction(fn, path);
    this.known = knownOf(fn);
  }

  /** The variable of that name, or undefined for a global. Throws when it has no value yet. */
  find(name: string): Bound | undefined {
    const { settled } = this.known;
    const found = settled.get(name);
    if (found) return found === "global" ? undefined : found;
    this.scopes ??= this.readScopes();
    const holder = this.scopes.find((scope) => Object.hasOwn(scope, name));
    if (!holder) {
      settled.set(name, "global");
      return undefined;
    }
    const bound = { value: readVariable(holder, name, this.path) };
    if (isExports(name, bound.value) || this.known.isConstant(name)) settled.set(name, bound);
    return bound;
  }

  private readScopes(): object[] {
    const scopes = readScopes(this.fn, this.path);
    if (++this.known.reads === readsBeforeSearch) this.known.isConstant = constantsOf(this.fn);
    return scopes;
  }

  /** Nothing that the function captures can get another value. */
  get areConstant(): boolean {
    for (const name of this.analysis.free.keys()) if (!this.known.settled.has(name)) return false;
    return true;
  }

  captureNothing(): boolean {
    if (this.analysis.derived) return false;
    for (const name of this.analysis.free.keys()) if (this.find(name)) return false;
    return true;
  }
}

/** A notebook's exports are never assigned again. */
function isExports(name: string, value: unknown): boolean {
  return name === "exports" && value !== undefined && value === notebookVariables();
}

function readScopes(fn: AnyFunction, path: string): object[] {
  try {
    return scopesOf(fn);
  } catch (error) {
    const what = `a function whose captured variables cannot be read here (${(error as Error).message})`;
    const wayOut =
      "Pass what it needs as arguments, use moduleTask(file, name), or run outside of a vm context: Vitest with the " +
      "pool forks or threads, Jest with an environment that is none.";
    throw new DataCloneError(path, what, wayOut);
  }
}

function readVariable(scope: object, name: string, path: string): unknown {
  try {
    return (scope as Record<string, unknown>)[name];
  } catch {
    const what = "a variable without a value yet";
    throw new DataCloneError(`${path} → ${name}`, what, "Call after its declaration.");
  }
}

function analyseFunction(fn: AnyFunction, path: string): Analysis {
  const analysis = readText(fn, path);
  if (analysis.shape === "native") throw nativeRefusal(fn, path);
  if (analysis.lexical) throw lexicalRefusal(analysis.lexical, path);
  return analysis;
}

function nativeRefusal(fn: AnyFunction, path: string): DataCloneError {
  if (types.isProxy(fn)) {
    const wayOut =
      "Send the function behind it. An esbuild bundle's `__require` is one, where it cannot require: use " +
      '`await import(…)` inside the function, or bundle to `format: "cjs"`.';
    return new DataCloneError(path, "a Proxy of a function", wayOut);
  }
  const what = String(fn.name).startsWith("bound ") ? "a bound function" : "a native function";
  return new DataCloneError(path, what, "Write an arrow that calls it: `(…) => object.method(…)`.");
}

function lexicalRefusal(lexical: string, path: string): DataCloneError {
  if (lexical === "import.meta") {
    const wayOut =
      "Put what it needs in a variable outside of the function, `const url = import.meta.url`, or pass it as an argument.";
    return new DataCloneError(path, "a function that uses `import.meta` of its file", wayOut);
  }
  const what = `a function that uses \`${lexical}\` of the code around it`;
  return new DataCloneError(path, what, "Pass what it needs as an argument.");
}

function readText(fn: AnyFunction, path: string): Analysis {
  const text = Function.prototype.toString.call(fn);
  try {
    const analysis = analyse(text);
    const kept = analysis.classText && keptStatics(fn, analysis.classText.statics);
    return kept?.size ? analyse(text, kept) : analysis;
  } catch (error) {
    const what = `a function whose text cannot be read (${(error as Error).message})`;
    throw new DataCloneError(path, what, "Put it in a file and use moduleTask(file, name).");
  }
}

/** The static fields that hold the very function of their text, and one that means something in the class alone. */
function keptStatics(fn: AnyFunction, statics: { key: string; text: string }[]): Set<string> {
  const hidden = statics.some(({ key }) => key.startsWith("#")) ? privateStaticsOf(fn) : {};
  const kept = statics.filter(({ key, text }) => {
    const value = hidden[key] ?? Object.getOwnPropertyDescriptor(fn, key)?.value;
    if (typeof value !== "function" || Function.prototype.toString.call(value) !== text) return false;
    try {
      return analyse(text).lexical !== "";
    } catch {
      // Private names.
      return true;
    }
  });
  return new Set(kept.map(({ key }) => key));
}
