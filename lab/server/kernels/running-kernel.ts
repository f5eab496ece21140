import { randomUUID } from "node:crypto";
import {
  type Channel,
  encode,
  type Frames,
  type Kernel,
  type Kernelspec,
  newHeader,
  startKernel,
} from "notebook-tools/kernel-client";
import type { Faults } from "../http/faults";
import { isReadable, jsonFrame } from "./framing";

/** Jupyter's model of a running kernel. */
export interface KernelModel {
  readonly id: string;
  readonly name: string;
  readonly last_activity: string;
  readonly execution_state: string;
  readonly connections: number;
}

type MessageListener = (channel: Channel, frames: Frames) => void;

/** A kernel that dies this often in a row is left dead, as Jupyter does. */
const mostDeaths = 5;

/** One that lived this long has not died in a row, in ms. */
const longLife = 60_000;

/** An interrupt that the kernel does not confirm within this time was still sent, in ms. */
const interruptMs = 2000;

function statusFrames(session: string, execution_state: string): Frames {
  const header = newHeader("status", session);
  return encode({ header, parent_header: {}, metadata: {}, content: { execution_state }, buffers: [] });
}

/** A kernel that keeps its id and its listeners while processes come and go. */
export class RunningKernel {
  readonly id = randomUUID();
  readonly #listeners = new Set<MessageListener>();
  readonly #endListeners = new Set<() => void>();
  readonly #stop = new AbortController();
  #kernel: Kernel | null = null;
  #state = "starting";
  #lastActivity = new Date();
  #born = Date.now();
  #deaths = 0;
  /** What is sent while a process starts waits for this, or it would reach no one. */
  #ready: Promise<void>;

  constructor(
    readonly spec: Kernelspec,
    readonly cwd: string,
    readonly faults: Faults,
  ) {
    this.#ready = this.#start();
    this.#ready.catch(() => {});
  }

  /** Settles when the process has started, or could not: with `KernelStartError`. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  get state(): string {
    return this.#state;
  }

  get lastActivity(): Date {
    return this.#lastActivity;
  }

  /** Jupyter's model; `connections` is how many pages are connected. */
  model(connections: number): KernelModel {
    const last_activity = this.#lastActivity.toISOString();
    return { id: this.id, name: this.spec.name, last_activity, execution_state: this.#state, connections };
  }

  /** Every message of the kernel that can be read. */
  onMessage(listener: MessageListener): void {
    this.#listeners.add(listener);
  }

  /** `shutdown` was called. */
  onEnd(listener: () => void): void {
    this.#endListeners.add(listener);
  }

  /** Throws `KernelDiedError` when there is no process that could take it. */
  async send(channel: Exclude<Channel, "iopub">, frames: Frames): Promise<void> {
    await this.#ready;
    await this.#kernel?.send(channel, frames);
  }

  /** Interrupts what runs; returns after 2 s also where the kernel does not say that it heard. */
  async interrupt(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, interruptMs);
    });
    const heard = this.#kernel?.interrupt() ?? Promise.resolve();
    try {
      await Promise.race([heard, late]);
    } finally {
      clearTimeout(timer);
      heard.catch(() => {});
    }
  }

  /** Ends the process and starts another. Throws `KernelStartError`; the kernel is dead then. */
  async restart(): Promise<void> {
    this.#deaths = 0;
    await this.#restart();
  }

  /** Ends the process, also one that is still starting. `graceMs`: how long it may take by itself, twice. */
  async shutdown(graceMs?: number): Promise<void> {
    this.#stop.abort("it was shut down");
    await this.#ready.catch(() => {});
    await this.#kernel?.shutdown({ graceMs });
    this.#report("dead");
    for (const listener of this.#endListeners) listener();
    this.#listeners.clear();
  }

  async #start(): Promise<void> {
    try {
      this.#kernel = await startKernel(this.spec, { cwd: this.cwd, signal: this.#stop.signal });
    } catch (error) {
      this.#report("dead");
      throw error;
    }
    this.#state = "idle";
    this.#born = Date.now();
    this.#kernel.onFrames((channel, frames) => this.#hear(channel, frames));
    this.#kernel.onExit(({ reason }) => this.#die(reason));
  }

  #restart(): Promise<void> {
    this.#state = "restarting";
    const before = this.#ready.catch(() => {});
    this.#ready = before.then(() => this.#startAgain());
    this.#ready.catch(() => {});
    return this.#ready;
  }

  async #startAgain(): Promise<void> {
    if (!this.#kernel) return this.#start();
    try {
      await this.#kernel.restart();
      this.#born = Date.now();
      // Its own messages say what it does now; one that has said nothing yet is idle.
      if (this.#state === "restarting") this.#state = "idle";
    } catch (error) {
      this.#report("dead");
      throw error;
    }
  }

  #die(reason: string): void {
    console.error(this.faults.redact(`The kernel ${this.spec.name} died: ${reason}`));
    if (Date.now() - this.#born > longLife) this.#deaths = 0;
    const isGivenUp = ++this.#deaths > mostDeaths;
    // JupyterLab tells the person when it hears this without having asked for it.
    this.#report(isGivenUp ? "dead" : "restarting");
    if (isGivenUp) return;
    this.#restart().catch((error: Error) => console.error(this.faults.redact(error.message)));
  }

  #report(state: string): void {
    this.#state = state;
    this.#announce("iopub", statusFrames(this.id, state));
  }

  /** A message that cannot be read costs nothing but itself. */
  #hear(channel: Channel, frames: Frames): void {
    const { msg_type: type } = jsonFrame(frames[0]);
    if (typeof type !== "string" || !isReadable(frames)) return;
    this.#lastActivity = new Date();
    // A page was answered: unlike its own start-up, that shows that the kernel works.
    if (type === "execute_reply") this.#deaths = 0;
    if (channel === "iopub" && type === "status") {
      const { execution_state: state } = jsonFrame(frames[3]);
      if (typeof state !== "string") return;
      this.#state = state;
    }
    this.#announce(channel, frames);
  }

  #announce(channel: Channel, frames: Frames): void {
    for (const listener of this.#listeners) {
      try {
        listener(channel, frames);
      } catch (error) {
        this.faults.report("a kernel's message", error);
      }
    }
  }
}
