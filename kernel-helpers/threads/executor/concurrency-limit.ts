import { Fifo } from "../task/collections";
import type { PassedLimit, Places, PoolTask } from "./pool-task";

/** At most `places` tasks of one pool at once; the others wait here, in order. */
export class ConcurrencyLimit implements Places, PassedLimit {
  readonly #holders = new Set<PoolTask>();
  readonly #waiting = new Fifo<PoolTask>();

  constructor(
    private readonly places: number,
    private readonly accept: (task: PoolTask) => void,
    /** A limit around this one. */
    private readonly outer?: ConcurrencyLimit,
  ) {}

  add(task: PoolTask): void {
    if (this.#holders.size < this.places) this.#admit(task);
    else {
      task.waitsFor = this;
      this.#waiting.push(task);
    }
  }

  /** A task that was admitted is over. */
  leave(task: PoolTask): void {
    this.#holders.delete(task);
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (next.state === "queued") {
        this.#admit(next);
        return;
      }
    }
  }

  holders(): PoolTask[] | undefined {
    return this.#holders.size < this.places ? undefined : [...this.#holders];
  }

  inWords(): string {
    return this.places === 1
      ? "the only place of its limitedParallelism view waits"
      : `all ${this.places} places of its limitedParallelism view wait`;
  }

  #admit(task: PoolTask): void {
    this.#holders.add(task);
    task.waitsFor = undefined;
    task.passed = [...(task.passed ?? []), this];
    if (this.outer) this.outer.add(task);
    else this.accept(task);
  }
}
