/**
 * How an object that is more than data crosses to another thread.
 *
 * An object with this method is sent as what the method returns, and is made anew on the other side by
 * `require(module)[name](data)`. `data` goes by structured clone (SharedArrayBuffers are shared); it may
 * hold further travellers. Whoever needs one object per thread keeps a map by id in `module`.
 */
export const toTransfer: unique symbol = Symbol.for("kernel-helpers.toTransfer");

export interface Revival {
  /** What to `require` in the other thread: a package's name or an absolute path. */
  module: string;
  /** The exported function that revives the object. */
  name: string;
  data: unknown;
}

export interface Revivable {
  [toTransfer](): Revival;
}

export function isRevivable(value: unknown): value is Revivable {
  return (
    typeof value === "object" && value !== null && typeof (value as Revivable)[toTransfer] === "function"
  );
}
