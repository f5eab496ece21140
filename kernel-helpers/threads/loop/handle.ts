import { threadId } from "node:worker_threads";
import { type Revivable, type Revival, toTransfer } from "../task/transferable";
import { keptValue } from "../worker/kept";

/** A value that stays in a portal's thread; made by `callHandle`. */
export class Handle<T> implements Revivable, Disposable {
  readonly #thread: number;
  readonly #id: number;
  readonly #drop: () => void;

  /** @internal */
  constructor(thread: number, id: number, drop: () => void = () => {}) {
    this.#thread = thread;
    this.#id = id;
    this.#drop = drop;
  }

  /** The value, in the portal's thread. Throws Error in other threads, ReferenceError after `dispose`. */
  get value(): T {
    if (threadId === this.#thread) return keptValue(this.#id) as T;
    throw new Error(
      "The value of this handle is in the portal's thread. Use it in a function that the portal calls: " +
        "`portal.call(() => handle.value.method())`.",
    );
  }

  /** Lets go of the value in the portal's thread. It is not closed by this: do that before, in a call. */
  dispose(): void {
    this.#drop();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  [toTransfer](): Revival {
    return { module: __filename, name: "reviveHandle", data: { thread: this.#thread, id: this.#id } };
  }
}

/** @internal */
export function reviveHandle({ thread, id }: { thread: number; id: number }): Handle<unknown> {
  return new Handle(thread, id);
}
