import { randomUUID } from "node:crypto";
import { notebook } from "./show";
import { words } from "./words";

export interface ProgressOptions {
  /** What stands before the bar. */
  label?: string;
  /** How many there will be, where the items do not say it themselves. */
  total?: number;
}

/** A bar that shows how far the work is, and hands on the items it was made of. */
export interface ProgressBar {
  /** How many are done. */
  readonly done: number;
  /** Counts one more, or `by`. */
  tick(by?: number): void;
  /** Draws the last state; no more is counted. Done by itself at the end of the items or of the total. */
  stop(): void;
  [Symbol.dispose](): void;
}

const updateEvery = 100;
const barLength = 24;

/**
 * A progress bar: in a notebook one display that is updated in place, on a terminal one line.
 *
 * `for (const x of progress(list))`, `for await (const x of progress(stream, { total }))`, or by hand
 * `const bar = progress(10); bar.tick()`. Leaving the loop early stops the bar where it is. It is drawn at
 * most ten times a second, and a notebook sees it only when the loop is free: in a synchronous loop, at the end.
 *
 * @throws TypeError if it is given neither something iterable nor a number of at least 0.
 */
export function progress(total: number, options?: ProgressOptions): ProgressBar;
export function progress<T>(items: Iterable<T>, options?: ProgressOptions): ProgressBar & Iterable<T>;
export function progress<T>(
  items: AsyncIterable<T>,
  options?: ProgressOptions,
): ProgressBar & AsyncIterable<T>;
export function progress(items: unknown, options: ProgressOptions = {}): ProgressBar {
  const total = options.total ?? totalOf(items);
  if (typeof items === "number") return new Bar(checkTotal(items), options.label);
  if (isIterable(items)) return new IterableBar(items, total, options.label);
  if (isAsyncIterable(items)) return new AsyncIterableBar(items, total, options.label);
  throw new TypeError(`progress expects something iterable or how many there will be, got ${String(items)}.`);
}

class Bar implements ProgressBar {
  readonly #line: ProgressLine;
  readonly #began = performance.now();
  done = 0;
  #drawn = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(
    readonly total: number | undefined,
    readonly label = "",
  ) {
    this.#line = newLine();
    this.#draw();
  }

  tick(by = 1): void {
    if (this.#stopped) return;
    this.done += by;
    if (this.done === this.total) this.stop();
    else if (performance.now() - this.#drawn >= updateEvery) this.#draw();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#line.write(this.#text(), true);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #draw(): void {
    this.#drawn = performance.now();
    this.#line.write(this.#text(), false);
  }

  #text(): string {
    const seconds = (performance.now() - this.#began) / 1000;
    return barText(this.label, this.done, this.total, seconds);
  }
}

class IterableBar<T> extends Bar implements Iterable<T> {
  constructor(
    readonly items: Iterable<T>,
    total: number | undefined,
    label?: string,
  ) {
    super(total, label);
  }

  *[Symbol.iterator](): Iterator<T> {
    try {
      for (const item of this.items) {
        yield item;
        this.tick();
      }
    } finally {
      this.stop();
    }
  }
}

class AsyncIterableBar<T> extends Bar implements AsyncIterable<T> {
  constructor(
    readonly items: AsyncIterable<T>,
    total: number | undefined,
    label?: string,
  ) {
    super(total, label);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    try {
      for await (const item of this.items) {
        yield item;
        this.tick();
      }
    } finally {
      this.stop();
    }
  }
}

/** "parse ██████░░░░ 6 of 10 · 1.2 s"; without a total only the count. */
function barText(label: string, done: number, total: number | undefined, seconds: number): string {
  const { of, seconds: inSeconds } = words();
  const time = inSeconds(seconds.toFixed(1));
  const name = label ? `${label} ` : "";
  if (total === undefined) return `${name}${done} · ${time}`;
  const share = total === 0 ? 1 : Math.min(1, Math.max(0, done / total));
  const full = Math.floor(share * barLength);
  return `${name}${"█".repeat(full)}${"░".repeat(barLength - full)} ${of(done, total)} · ${time}`;
}

/** A line of text that can be written anew. */
interface ProgressLine {
  write(text: string, last: boolean): void;
}

function newLine(): ProgressLine {
  const send = notebook();
  if (!send) return process.stderr.isTTY ? terminalLine : lastLine;
  const displayId = randomUUID();
  let update = false;
  return {
    write(text) {
      send({ data: { "text/plain": text }, displayId, update });
      update = true;
    },
  };
}

const terminalLine: ProgressLine = {
  write: (text, last) => void process.stderr.write(`\r\x1b[K${text}${last ? "\n" : ""}`),
};

/** A log is no place for a moving bar. */
const lastLine: ProgressLine = {
  write: (text, last) => void (last && process.stderr.write(`${text}\n`)),
};

function totalOf(items: unknown): number | undefined {
  if (typeof items !== "object" || items === null) return undefined;
  const { length, size } = items as { length?: unknown; size?: unknown };
  return [length, size].find((value): value is number => typeof value === "number");
}

function checkTotal(total: number): number {
  if (Number.isFinite(total) && total >= 0) return total;
  throw new TypeError(`progress expects how many there will be, a number of at least 0, got ${total}.`);
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof (value as Iterable<unknown> | null)?.[Symbol.iterator] === "function";
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof (value as AsyncIterable<unknown> | null)?.[Symbol.asyncIterator] === "function";
}
