import { Fifo } from "./fifo";
import type { Job } from "./job";

/** At most `limit` jobs of one pool at once; the others wait here, in order. */
export class Lane {
  readonly #waiting = new Fifo<Job>();
  #running = 0;

  constructor(
    readonly limit: number,
    private readonly accept: (job: Job) => void,
    /** A limit around this one. */
    private readonly outer?: Lane,
  ) {}

  add(job: Job): void {
    if (this.#running < this.limit) this.#admit(job);
    else this.#waiting.push(job);
  }

  /** A job that was admitted is over. */
  leave(): void {
    this.#running--;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (next.state === "queued") {
        this.#admit(next);
        return;
      }
    }
  }

  #admit(job: Job): void {
    this.#running++;
    job.admittedBy.push(this);
    if (this.outer) this.outer.add(job);
    else this.accept(job);
  }
}
