import type { AnyFunction } from "../task/types";
import type { Names } from "./names";
import type { PackedNode, PackedValues } from "./packed";
import type { DataCloneError } from "./refusal";

export interface PackOptions {
  /** Buffers, ports and streams that move instead of being copied; MessagePorts are added to it. */
  transfer: object[];
  /** Functions of the loop that travel by number, to be kept alive as long as the task runs. */
  functions?: AnyFunction[];
  /** True in a worker: functions made there have no number on the loop. */
  inWorker?: boolean;
  /** True for what was thrown: the other side knows its classes, or makes do without them. */
  thrown?: boolean;
  /** The task's function and its names, when they were looked at already. */
  task?: Names;
  /** A function besides that of the task which is sure to run. */
  runs?: AnyFunction;
  /** Values for variables that the first function captures. */
  captures?: Record<string, unknown>;
}

/** What those who pack functions, classes and errors need of the packer that they work for. */
export interface Packing {
  readonly options: PackOptions;
  readonly packed: PackedValues;
  /** Within an error: what cannot go is left out, and named here. */
  leftOut: string[] | undefined;
  /** Containers already copied, and values already given a node. */
  readonly copies: Map<object, object>;
  readonly nodeOf: Map<unknown, number>;
  into(holder: object, key: string | number, value: unknown, path: string): void;
  reference(value: unknown, path: string, holder: object, key: string | number | symbol): undefined;
  put(index: number, node: PackedNode): void;
  attempt(packing: () => void, otherwise: (refused: DataCloneError) => void): void;
  functionOrRemote(holder: Record<string, unknown>, name: string, fn: AnyFunction, path: string): void;
}
