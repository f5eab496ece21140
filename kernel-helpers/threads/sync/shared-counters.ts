/**
 * The counts that all threads share, so that a worker puts without asking while there is room: how many
 * items are in the queue (or on their way into it), how many are not yet marked done, and whether it is closed.
 */
export class SharedCounters {
  readonly #words: Int32Array;

  constructor(readonly shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared);
  }

  static open(maxsize: number): SharedCounters {
    const counters = new SharedCounters(new SharedArrayBuffer(4 * Int32Array.BYTES_PER_ELEMENT));
    counters.#words[word.maxsize] = maxsize;
    return counters;
  }

  get maxsize(): number {
    return this.#words[word.maxsize]!;
  }

  get size(): number {
    return Atomics.load(this.#words, word.size);
  }

  get unfinished(): number {
    return Atomics.load(this.#words, word.unfinished);
  }

  get isFull(): boolean {
    return this.maxsize > 0 && this.size >= this.maxsize;
  }

  get isClosed(): boolean {
    return Atomics.load(this.#words, word.closed) !== 0;
  }

  /** Closed, and nothing is left to take. */
  get isOver(): boolean {
    return this.isClosed && this.size === 0;
  }

  /** Over, and all that was taken is done too: there is nothing left to ask. */
  get isDone(): boolean {
    return this.isOver && this.unfinished === 0;
  }

  close(): void {
    Atomics.compareExchange(this.#words, word.closed, 0, 1);
  }

  /** Closes, and takes all that was put for done. */
  closeAtOnce(): void {
    Atomics.store(this.#words, word.closed, 2);
    Atomics.store(this.#words, word.unfinished, 0);
  }

  /** Takes a place for one item, unless the queue is full. */
  takePlace(): boolean {
    for (;;) {
      const size = this.size;
      if (this.maxsize > 0 && size >= this.maxsize) return false;
      if (Atomics.compareExchange(this.#words, word.size, size, size + 1) === size) break;
    }
    Atomics.add(this.#words, word.unfinished, 1);
    return true;
  }

  /** Gives back a place that got no item. */
  giveBackPlace(): void {
    Atomics.sub(this.#words, word.unfinished, 1);
    this.itemTaken();
  }

  itemTaken(): void {
    Atomics.sub(this.#words, word.size, 1);
  }

  /** It was taken for a thread that has ended before. */
  itemBack(): void {
    Atomics.add(this.#words, word.size, 1);
  }

  /** Marks one item done; true when it was the last. */
  taskDone(): boolean {
    for (;;) {
      const unfinished = this.unfinished;
      if (unfinished === 0 && Atomics.load(this.#words, word.closed) === 2) return false;
      if (unfinished === 0) throw new RangeError("taskDone() was called more often than items were put.");
      const rest = unfinished - 1;
      if (Atomics.compareExchange(this.#words, word.unfinished, unfinished, rest) === unfinished) {
        return rest === 0;
      }
    }
  }
}

const word = { size: 0, unfinished: 1, closed: 2, maxsize: 3 };
