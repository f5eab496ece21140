import type { Packed } from "../task/message";
import type { Member, PrototypeMembers } from "./members";
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
  references: (object | string | number)[];
  patches: Patch[];
}

/** A Map or Set and its entries, when some of them are references. */
export type Patch = [collection: Map<unknown, unknown> | Set<unknown>, entries: unknown[]];

export type PackedNode =
  /** Without `captures` it is the same function for all tasks of a thread. */
  | {
      kind: "function";
      code: FunctionCode;
      id: number;
      captures?: object;
      properties?: Member[];
      prototype?: PrototypeMembers;
    }
  | { kind: "remote"; id: number; name: string; reason: string }
  | { kind: "module"; reference: ModuleReference }
  | { kind: "require"; folder: string }
  /** `entries` are those of them whose keys go along. */
  | { kind: "weak"; name: "WeakMap" | "WeakSet"; entries: unknown[] }
  | { kind: "buffer"; bytes: Uint8Array }
  | { kind: "revive"; module: string; name: string; holder: { data: unknown } }
  | { kind: "symbol"; key: string; wellKnown: boolean }
  | { kind: "error"; error: unknown; holder: { errorClass: unknown } };

/** A function's text and what it takes to compile it, in one string: a clone costs by the object. */
export type FunctionCode = string;

export interface FunctionParts {
  /** An expression that makes the function. */
  source: string;
  /** The variables that it captures. */
  names: string[];
  name: string;
  sloppy: boolean;
}

export function functionCode({ source, names, name, sloppy }: FunctionParts): FunctionCode {
  return `${JSON.stringify(name)}\n${sloppy ? "sloppy" : "strict"}\n${names.join()}\n${source}`;
}

export function functionParts(code: FunctionCode): FunctionParts {
  const [name, mode, names, ...lines] = code.split("\n") as [string, string, string, ...string[]];
  return {
    source: lines.join("\n"),
    names: names === "" ? [] : names.split(","),
    name: JSON.parse(name) as string,
    sloppy: mode === "sloppy",
  };
}
