import type { Place } from "../context/host";
import type { Packed } from "../task/message";
import type { ClassName } from "./error-class";
import type { ClassMembers, integrityOf, Member, PrototypeMembers } from "./members";
import type { ModuleReference } from "./modules";

/**
 * Values on their way to another thread. `root` goes by structured clone; where it held something that
 * cannot be cloned there is a reference, and `nodes` say what to make for it. Holders are references into
 * `root` and `nodes`: structured clone keeps the identity of everything in one message.
 */
export interface PackedValues extends Packed {
  nodes: PackedNode[];
  /** Order in which to make the nodes: what a function captures comes before the function. */
  order: number[];
  /** Three entries a reference: the holder, the key in it, and the number of the node to put there. */
  references: (object | string | number | symbol)[];
  patches: Patch[];
}

/** A Map, Set or object and entries for it that hold references. */
export type Patch = [collection: object, entries: unknown[]];

export type PackedNode =
  /** Without `captures` it is the same function for all tasks of a thread. */
  | {
      kind: "function";
      code: FunctionCode;
      id: number;
      captures?: object;
      properties?: Member[];
      prototype?: PrototypeMembers;
      integrity?: ReturnType<typeof integrityOf>;
    }
  | {
      kind: "class";
      code: FunctionCode;
      id: number;
      captures: object;
      members: ClassMembers;
      /** The private static fields. */
      privates: Record<string, unknown>;
      integrity?: ReturnType<typeof integrityOf>;
    }
  /** A method of the class's text, which is known by its own text. */
  | { kind: "method"; id: number; text: string; holder: { owner: unknown } }
  | { kind: "instance"; holder: { owner: unknown; members: Member[] } }
  /** A function that throws why something could not go. */
  | { kind: "refusal"; message: string; path: string }
  | { kind: "remote"; id: number; name: string; reason: string }
  | { kind: "module"; reference: ModuleReference }
  | { kind: "require"; folder: string }
  /** `entries` are those of them whose keys go along. */
  | { kind: "weak"; name: "WeakMap" | "WeakSet"; entries: unknown[] }
  | { kind: "buffer"; bytes: Uint8Array }
  | { kind: "revive"; module: string; name: string; holder: { data: unknown } }
  | { kind: "symbol"; key: string; wellKnown: boolean }
  | { kind: "error"; error: ErrorShape };

/** An error on its way. It always arrives: what cannot go along with it is left out, and its stack says so. */
export interface ErrorShape {
  message: string;
  stack: string;
  /** A DOMException, by its name. */
  dom: string | undefined;
  className: ClassName;
  /** The class itself, for an error that goes along with a task. */
  errorClass: unknown;
  properties: Record<string, unknown>;
  /** Those of the properties that are not enumerable. */
  hidden: string[];
  leftOut: string[];
}

/** A function's text and what it takes to compile it, in one string: a clone costs by the object. */
export type FunctionCode = string;

export interface FunctionParts {
  /** An expression that makes the function. */
  source: string;
  /** The variables that it captures. */
  names: string[];
  name: string;
  sloppy: boolean;
  /** The folder from which its `import()` resolves; "" for the working directory, undefined if it has none. */
  folder: string | undefined;
  /** Where the source stands in a cell, for stack traces. */
  place: Place | undefined;
}

export function functionCode({ source, names, name, sloppy, folder, place }: FunctionParts): FunctionCode {
  const head = JSON.stringify({ names, name, sloppy, folder, place } satisfies Omit<FunctionParts, "source">);
  return `${head}\n${source}`;
}

export function functionParts(code: FunctionCode): FunctionParts {
  const end = code.indexOf("\n");
  return {
    ...(JSON.parse(code.slice(0, end)) as Omit<FunctionParts, "source">),
    source: code.slice(end + 1),
  };
}
