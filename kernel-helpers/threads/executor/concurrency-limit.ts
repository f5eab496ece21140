import { Fifo } from "../task/collections";
import type { Task } from "../task/task";

/** At most `places` tasks of one pool at once; the others wait here, in order. */
export class ConcurrencyLimit {
  /** The tasks that take its places. */
  readonly holders = new Set<Task>();
  readonly #waiting = new Fifo<Task>();

  constructor(
    readonly places: number,
    private readonly accept: (task: Task) => void,
    /** A limit around this one. */
    private readonly outer?: ConcurrencyLimit,
  ) {}

  add(task: Task): void {
    if (this.holders.size < this.places) this.#admit(task);
    else {
      task.waitsIn = this;
      this.#waiting.push(task);
    }
  }

  /** A task that was admitted is over. */
  leave(task: Task): void {
    this.holders.delete(task);
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (next.state === "queued") {
        this.#admit(next);
        return;
      }
    }
  }

  #admit(task: Task): void {
    this.holders.add(task);
    task.waitsIn = undefined;
    task.admittedBy.push(this);
    if (this.outer) this.outer.add(task);
    else this.accept(task);
  }
}
