import type { Reference } from "./modules";

/**
 * Values on their way to another thread. `root` goes by structured clone; where it held something that
 * cannot be cloned there is a hole, and `nodes` say what to make for it. Holders are references into
 * `root` and `nodes`: structured clone keeps the identity of everything in one message.
 */
export interface Packed {
  root: unknown;
  nodes: PackedNode[];
  /** Order in which to make the nodes: what a function captures comes before the function. */
  order: number[];
  holes: Hole[];
  fills: Fill[];
}

export type Hole = [holder: object, key: string | number, node: number];
/** A Map or Set and its entries, when some of them are holes. */
export type Fill = [collection: Map<unknown, unknown> | Set<unknown>, entries: unknown[]];

export type PackedNode =
  | { kind: "function"; code: FunctionCode; id: number; captures: object; properties?: object }
  | { kind: "stub"; id: number; name: string; reason: string }
  | { kind: "reference"; reference: Reference }
  | { kind: "require"; folder: string }
  | { kind: "buffer"; bytes: Uint8Array }
  | { kind: "revive"; module: string; name: string; holder: { data: unknown } }
  | { kind: "symbol"; key: string; wellKnown: boolean }
  | { kind: "error"; error: unknown; holder: { errorClass: unknown } };

export interface FunctionCode {
  /** An expression that makes the function. */
  source: string;
  /** The variables that it captures. */
  names: string[];
  name: string;
  sloppy: boolean;
}
