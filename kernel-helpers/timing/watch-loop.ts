import { once } from "node:events";
import { join } from "node:path";
import { MessageChannel, MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { BlockFrame, readableFrames, where } from "./frames";
import { LoopProbe, Stretch } from "./loop-probe";
import { now } from "./recorder";
import { SharedWatch, Sighting, WatcherData, WatcherMessage } from "./watch-protocol";

/** A block of the event loop and who held it. */
export interface BlockReport {
  /** How long the loop was blocked, in ms. */
  duration: number;
  /** How long it had been blocked when the watcher read the stack, in ms; null where it came too late. */
  seenAfter: number | null;
  /** The functions that held the loop, innermost first; empty where the watcher came too late. */
  frames: BlockFrame[];
  /** "blocked 105 ms at parseLog < cell". */
  message: string;
}

export interface WatchOptions {
  /** The shortest block to report, in ms, at least 5. @default 50 */
  threshold?: number;
  /** Called on the loop as soon as the block is over. */
  onBlock?: (report: BlockReport) => void;
  /** Also write a line to the process's stderr while the block lasts: for a loop that may never come back. @default false */
  log?: boolean;
}

/**
 * Watches the event loop of the main thread from a thread of its own and reports every block with the
 * function that held the loop, read while it held it. Costs a thread, wakes an idle loop four
 * times per threshold: for finding a block, not for leaving it on. No breakpoint of a debugger is touched.
 *
 * @throws RangeError if `threshold` is not a number of at least 5.
 */
export async function watchLoop(options: WatchOptions = {}): Promise<LoopWatcher> {
  const { threshold = 50, onBlock = () => {}, log = false } = options;
  checkThreshold(threshold);
  const watch = SharedWatch.create();
  watch.beat = now();
  const { port1, port2 } = new MessageChannel();
  const worker = startWatcher({ shared: watch.shared, threshold, log, port: port2 });
  await attached(worker, port1);
  return new Watch(watch, worker, port1, threshold, onBlock);
}

/** A running watch. */
export interface LoopWatcher {
  /** How many blocks were seen while they lasted; a blocked loop may read it as well. */
  readonly seen: number;
  /** Ends the watch; called again, does nothing. */
  stop(): Promise<void>;
  [Symbol.dispose](): void;
}

class Watch implements LoopWatcher {
  readonly #probe: LoopProbe;
  #sighting: Sighting | undefined;

  constructor(
    readonly watch: SharedWatch,
    readonly worker: Worker,
    readonly port: MessagePort,
    readonly threshold: number,
    readonly onBlock: (report: BlockReport) => void,
  ) {
    port.on("message", (message) => this.#take(message)).unref();
    this.#probe = new LoopProbe(
      threshold,
      (stretch) => this.#report(stretch),
      (time) => (watch.beat = time),
    );
  }

  get seen(): number {
    return this.watch.sightings;
  }

  async stop(): Promise<void> {
    this.#probe.stop();
    this.port.close();
    await this.worker.terminate();
  }

  [Symbol.dispose](): void {
    void this.stop();
  }

  #take(message: WatcherMessage): void {
    if (typeof message === "object") this.#sighting = message;
  }

  #report({ start, duration }: Stretch): void {
    const sighting = this.#sightingWithin(start, start + duration);
    const frames = sighting ? readableFrames(sighting.frames) : [];
    const message = `blocked ${Math.round(duration)} ms at ${where(frames)}`;
    this.onBlock({ duration, seenAfter: sighting ? sighting.time - start : null, frames, message });
  }

  /** The watcher posted before the block ended: what the loop has not taken yet is taken here. */
  #sightingWithin(start: number, end: number): Sighting | undefined {
    for (let next = receiveMessageOnPort(this.port); next; next = receiveMessageOnPort(this.port))
      this.#take(next.message);
    const sighting = this.#sighting;
    return sighting && sighting.time >= start && sighting.time <= end ? sighting : undefined;
  }
}

/** Settles when the watcher has its debugger; from then on neither thread nor port keeps the process alive. */
async function attached(worker: Worker, port: MessagePort): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  const failed = once(worker, "exit", { signal }).then(([code]) => {
    throw new Error(`The watcher's thread ended with code ${code} before it was attached.`);
  });
  await Promise.race([once(port, "message", { signal }), failed]);
  failed.catch(() => {});
  over.abort();
  worker.unref();
}

function startWatcher(data: WatcherData): Worker {
  return new Worker(join(__dirname, "watcher.js"), {
    workerData: data,
    transferList: [data.port],
    execArgv: [],
    name: "loop watcher",
  });
}

function checkThreshold(threshold: number): void {
  if (typeof threshold === "number" && threshold >= 5) return;
  throw new RangeError(
    `\`threshold\` must be at least 5 ms, got ${String(threshold)}. Leave it out for 50 ms; \`LoopMonitor\` sees shorter blocks.`,
  );
}
