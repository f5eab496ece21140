import { once } from "node:events";
import { join } from "node:path";
import { MessageChannel, MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { BlockFrame, readableFrames, where } from "./frames";
import { LoopProbe } from "./loop-probe";
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
  /** The shortest block to report, in ms; 50 unless given, at least 5. */
  threshold?: number;
  /** Called on the loop as soon as the block is over. */
  onBlock?: (report: BlockReport) => void;
  /** Also write a line to the process's stderr while the block lasts: for a loop that may never come back. */
  log?: boolean;
}

/**
 * Watches the event loop of the main thread from a thread of its own and reports every block with the
 * function that held the loop, read while it held it. Costs a thread, wakes an idle loop four
 * times per threshold and keeps the debugger attached: for finding a block, not for leaving it on.
 *
 * @throws RangeError for a threshold below 5 ms.
 */
export async function watchLoop(options: WatchOptions = {}): Promise<LoopWatcher> {
  const watcher = new LoopWatcher(options);
  await watcher.ready;
  return watcher;
}

/** A running watch; `stop()` ends it. Made by `watchLoop`. */
export class LoopWatcher {
  /** Settles when the watcher is attached. */
  readonly ready: Promise<void>;
  readonly #onBlock: (report: BlockReport) => void;
  readonly #watch = SharedWatch.create();
  readonly #port: MessagePort;
  readonly #worker: Worker;
  readonly #probe: LoopProbe;
  #sighting: Sighting | undefined;

  constructor({ threshold = 50, onBlock = () => {}, log = false }: WatchOptions) {
    this.#onBlock = onBlock;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#port.on("message", (message) => this.#take(message));
    this.#watch.beat = now();
    this.#worker = startWatcher({
      shared: this.#watch.shared,
      threshold: checkThreshold(threshold),
      log,
      port: port2,
    });
    this.ready = this.#attached();
    this.#probe = new LoopProbe(
      threshold,
      (start, duration) => this.#report(start, duration),
      (time) => {
        this.#watch.beat = time;
      },
    );
  }

  /** How many blocks were seen while they lasted; a blocked loop may read it as well. */
  get seen(): number {
    return this.#watch.sightings;
  }

  /** Ends the watch; called again, does nothing. */
  async stop(): Promise<void> {
    this.#probe.stop();
    this.#port.close();
    await this.#worker.terminate();
  }

  [Symbol.dispose](): void {
    void this.stop();
  }

  async #attached(): Promise<void> {
    const failed = once(this.#worker, "error").then(([error]) => Promise.reject(error));
    await Promise.race([once(this.#port, "message"), failed]);
    this.#port.unref();
    this.#worker.unref();
  }

  #take(message: WatcherMessage): void {
    if (typeof message === "object") this.#sighting = message;
  }

  #report(start: number, duration: number): void {
    const sighting = this.#sightingWithin(start, start + duration);
    const frames = sighting ? readableFrames(sighting.frames) : [];
    const message = `blocked ${Math.round(duration)} ms at ${where(frames)}`;
    this.#onBlock({ duration, seenAfter: sighting ? sighting.time - start : null, frames, message });
  }

  /** The watcher posted before the block ended: what the loop has not taken yet is taken here. */
  #sightingWithin(start: number, end: number): Sighting | undefined {
    for (let next = receiveMessageOnPort(this.#port); next; next = receiveMessageOnPort(this.#port))
      this.#take(next.message);
    const sighting = this.#sighting;
    return sighting && sighting.time >= start && sighting.time <= end ? sighting : undefined;
  }
}

function startWatcher(data: WatcherData): Worker {
  return new Worker(join(__dirname, "watcher.js"), {
    workerData: data,
    transferList: [data.port],
    execArgv: [],
    name: "loop watcher",
  });
}

function checkThreshold(threshold: number): number {
  if (typeof threshold === "number" && threshold >= 5) return threshold;
  throw new RangeError(
    `\`threshold\` must be at least 5 ms, got ${String(threshold)}. Leave it out for 50 ms; \`LoopMonitor\` sees shorter blocks.`,
  );
}
