import { closeSync, openSync, readdirSync, readFileSync, readSync, stat } from "node:fs";
import { now } from "../recorder";

/** The CPU time of threads, read between `from` and `to`: ms since the recording began. */
interface CpuReading {
  from: number;
  to: number;
  /** In ms, in the order of `CpuReadings.ids`, since each thread's beginning. */
  cpu: number[];
}

export interface CpuReadings {
  /** The threads' numbers in the operating system. */
  ids: number[];
  /** Whether these are the threads of libuv's pool, all of them and no others. */
  isPool: boolean;
  readings: CpuReading[];
}

const tasks = "/proc/self/task";
/** Of the loop's time: some readings at once, and half a per cent of what follows. */
const budget = { atOnce: 2, share: 0.005 };
const mostThreads = 128;

/** Reads how much CPU time libuv's threads have had, turn by turn of the loop; on Linux, elsewhere it reads nothing. */
export class ThreadCpu {
  readonly #files: number[] = [];
  readonly #buffer = Buffer.alloc(64);
  readonly #read: CpuReadings = { ids: [], isPool: false, readings: [] };
  /** ms that a reading takes where nothing comes between. */
  #each = Number.POSITIVE_INFINITY;

  /** Times count from `began`. */
  constructor(private readonly began: number) {
    try {
      const { ids, isPool } = poolThreadIds();
      for (const id of ids) this.#files.push(openSync(`${tasks}/${id}/schedstat`, "r"));
      Object.assign(this.#read, { ids, isPool });
    } catch {
      // Not Linux, or one without this file: then it is known by other signs or not at all.
      this.stop();
    }
  }

  /** Does nothing where it has taken more of the loop's time than it may. */
  read(): void {
    const { readings } = this.#read;
    const from = now() - this.began;
    const spent = readings.length * this.#each;
    if (this.#files.length === 0 || spent > budget.atOnce + budget.share * from) return;
    try {
      const cpu = this.#files.map((file) => this.#cpuOf(file));
      const to = now() - this.began;
      this.#each = Math.min(this.#each, to - from);
      readings.push({ from, to, cpu });
    } catch {
      // A thread that has ended.
      this.stop();
    }
  }

  /** What the readings took, in ms. */
  get cost(): number {
    return this.#read.readings.length === 0 ? 0 : this.#read.readings.length * this.#each;
  }

  stop(): CpuReadings {
    for (const file of this.#files.splice(0)) closeSync(file);
    return this.#read;
  }

  /** The first number of the file, in ns. */
  #cpuOf(file: number): number {
    const length = readSync(file, this.#buffer, 0, 64, 0);
    return Number.parseInt(this.#buffer.toString("latin1", 0, length), 10) / 1e6;
  }
}

/** libuv names its threads from 1.50 on; before, they are somewhere among those of the process. */
function poolThreadIds(): { ids: number[]; isPool: boolean } {
  if (!all().some(isNamed)) stat(".", () => {}); // Starts them, where nothing has yet.
  const ids = all();
  const named = ids.filter(isNamed);
  if (named.length > 0) return { ids: named.slice(0, mostThreads), isPool: named.length <= mostThreads };
  return { ids: ids.length > mostThreads ? [] : ids, isPool: false };
}

function all(): number[] {
  return readdirSync(tasks).map(Number);
}

function isNamed(id: number): boolean {
  try {
    return readFileSync(`${tasks}/${id}/comm`, "utf8").startsWith("libuv-worker");
  } catch {
    return false; // It has ended meanwhile.
  }
}
