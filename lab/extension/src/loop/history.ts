/** The last blocks of a loop. Pure. */
import type { LoopState } from "./text";

export interface Block<Cell> {
  /** When it began, in milliseconds since 1970. */
  since: number;
  ms: number;
  /** The cell that ran, where one did. */
  cell: Cell | undefined;
}

const kept = 12;

/** Puts the messages of one kernel together to blocks, the newest first. */
export class History<Cell> {
  readonly blocks: Block<Cell>[] = [];
  #isBlocked = false;

  /** `cell` is the one that runs as the message comes. */
  add({ state, ms }: LoopState, now: number, cell: Cell | undefined) {
    const [last] = this.blocks;
    if (state === "blocked" && this.#isBlocked && last && ms >= last.ms) last.ms = ms;
    else if (state === "blocked") this.blocks.unshift({ since: now - ms, ms, cell });
    this.blocks.length = Math.min(this.blocks.length, kept);
    this.#isBlocked = state === "blocked";
  }
}
