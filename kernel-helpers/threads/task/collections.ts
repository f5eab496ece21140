import { threadId } from "node:worker_threads";

let lastId = 0;

/** An id that no other thread of the process gives. */
export function newId(): string {
  return `${threadId}-${++lastId}`;
}

/** Objects by id, for as long as somebody else keeps them. */
export class WeakById<T extends object> {
  readonly #refs = new Map<string, WeakRef<T>>();
  readonly #forget = new FinalizationRegistry<string>((id) => {
    if (!this.get(id)) this.#refs.delete(id);
  });

  get(id: string): T | undefined {
    return this.#refs.get(id)?.deref();
  }

  *all(): Generator<T> {
    for (const ref of this.#refs.values()) {
      const object = ref.deref();
      if (object) yield object;
    }
  }

  set(id: string, object: T): void {
    this.#refs.set(id, new WeakRef(object));
    this.#forget.register(object, id);
  }
}

/** First in, first out, in constant time. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Puts it before all others. */
  unshift(item: T): void {
    if (this.#head > 0) this.#items[--this.#head] = item;
    else this.#items.unshift(item);
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head >= 1024 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
