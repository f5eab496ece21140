/** The last blocks of a loop. Pure. */
import type { BlockingPlace, LoopState } from "./text";

export interface Block<Cell> {
  /** When it began, in milliseconds since 1970. */
  since: number;
  ms: number;
  /** The line that blocked, once it is known. */
  at?: BlockingPlace | undefined;
  /** The cell of that line, else the one that ran. */
  cell: Cell | undefined;
}

const kept = 12;

/** Puts the messages of one kernel together to blocks, the newest first. */
export class History<Cell> {
  readonly blocks: Block<Cell>[] = [];
  #isBlocked = false;

  /** `cell` is the one of the line that blocks, else the one that runs as the message comes. */
  add({ state, ms, at }: LoopState, now: number, cell: Cell | undefined) {
    const [last] = this.blocks;
    if (state === "blocked" && this.#isBlocked && last && ms >= last.ms) {
      last.ms = ms;
      if (at && !last.at) Object.assign(last, { at, cell });
    } else if (state === "blocked") this.blocks.unshift({ since: now - ms, ms, at, cell });
    this.blocks.length = Math.min(this.blocks.length, kept);
    this.#isBlocked = state === "blocked";
  }
}
