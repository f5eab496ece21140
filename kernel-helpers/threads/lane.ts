import { Fifo } from "./fifo";
import type { Job } from "./job";

/** At most `limit` jobs of one pool at once; the others wait here, in order. */
export class Lane {
  /** The jobs that take its places. */
  readonly holders = new Set<Job>();
  readonly #waiting = new Fifo<Job>();

  constructor(
    readonly limit: number,
    private readonly accept: (job: Job) => void,
    /** A limit around this one. */
    private readonly outer?: Lane,
  ) {}

  add(job: Job): void {
    if (this.holders.size < this.limit) this.#admit(job);
    else {
      job.waitsIn = this;
      this.#waiting.push(job);
    }
  }

  /** A job that was admitted is over. */
  leave(job: Job): void {
    this.holders.delete(job);
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (next.state === "queued") {
        this.#admit(next);
        return;
      }
    }
  }

  #admit(job: Job): void {
    this.holders.add(job);
    job.waitsIn = undefined;
    job.admittedBy.push(this);
    if (this.outer) this.outer.add(job);
    else this.accept(job);
  }
}
