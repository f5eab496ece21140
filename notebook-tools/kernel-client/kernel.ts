/** One running kernel: started, asked, interrupted, restarted, ended. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Channels } from "./channels";
import { type Connection, isAnyTaken, newConnection, writeConnectionFile } from "./connection";
import { KernelDiedError, KernelStartError, KernelTimeoutError } from "./errors";
import { type ExecuteOptions, Execution } from "./execute";
import type { Kernelspec } from "./kernelspecs";
import type { Channel, ExecuteOutcome, Frames, KernelExit, KernelInfo, Message } from "./messages";
import { KernelProcess } from "./process";
import { untilReady } from "./readiness";
import { decode, encode, newHeader } from "./wire";

export interface KernelOptions {
  /** The kernel's working directory: the notebook's folder. */
  cwd: string;
  /** Added to this process's environment and the kernelspec's. */
  env?: Record<string, string>;
  /** How long the kernel may take to answer for the first time. Default 60,000 ms. */
  startTimeoutMs?: number;
  /** Aborting it while the kernel starts ends it and throws `KernelStartError`; later it does nothing. */
  signal?: AbortSignal;
  /** Where ports come from; for tests. */
  ports?: (count: number) => Promise<number[]>;
}

export interface ShutdownOptions {
  /** How long the kernel may take to end by itself before SIGTERM, and then again before SIGKILL. Default 1,000 ms. */
  graceMs?: number;
}

export interface RequestOptions {
  /** Default `shell`. */
  channel?: "shell" | "control";
  /** Default 10,000 ms. */
  timeoutMs?: number;
  /** Waits for the kernel's `idle` too: what it put out before has then been delivered. Default false. */
  untilIdle?: boolean;
}

const startAttempts = 4;
const defaultStartTimeoutMs = 60_000;
/** Quiet for this long after the process's end means that nothing more is under way, in ms. */
const drainMs = 40;
/** How long the other sockets may take once the shell has answered, in ms. */
const connectMs = 1000;
const portTaken = /EADDRINUSE|Address already in use/i;

/** Waits for the promise, but no longer than `ms`; keeps no timer afterwards. */
async function withinMs(ms: number, promise: Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  await Promise.race([promise, sleep(ms, undefined, { signal: stop.signal }).catch(() => {})]);
  stop.abort();
}

function listenerSet<A extends unknown[]>() {
  const items = new Set<(...args: A) => void>();
  return {
    items,
    add(listener: (...args: A) => void) {
      items.add(listener);
      return () => void items.delete(listener);
    },
  };
}

export class Kernel {
  readonly spec: Kernelspec;
  readonly #options: KernelOptions;
  readonly #session = randomUUID();
  readonly #frames = listenerSet<[channel: Channel, frames: Frames]>();
  readonly #messages = listenerSet<[message: Message]>();
  readonly #exits = listenerSet<[exit: KernelExit]>();
  readonly #executions = new Set<Execution>();
  /** Missing only until the first one has been started. */
  #process!: KernelProcess;
  #connection!: Connection;
  #channels: Channels | null = null;
  #removeConnectionFile: () => Promise<void> = async () => {};
  #ending = false;
  #received = 0;
  #info: KernelInfo = {};

  private constructor(spec: Kernelspec, options: KernelOptions) {
    this.spec = spec;
    this.#options = options;
  }

  /** @internal Use `startKernel`. */
  static async start(spec: Kernelspec, options: KernelOptions): Promise<Kernel> {
    const kernel = new Kernel(spec, options);
    await kernel.#start();
    return kernel;
  }

  /** What the kernel said of itself when it started. */
  get info(): KernelInfo {
    return this.#info;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** null while the process runs. */
  get exit(): KernelExit | null {
    return this.#process.exit;
  }

  /** The end of what the process wrote to its own stdout and stderr, outside the protocol. */
  get output(): string {
    return this.#process.output;
  }

  /** Every verified message of the kernel as bytes, for passing on. Returns the way to stop listening. */
  onFrames(listener: (channel: Channel, frames: Frames) => void): () => void {
    return this.#frames.add(listener);
  }

  /** Every message of the kernel, parsed. Returns the way to stop listening. */
  onMessage(listener: (message: Message) => void): () => void {
    return this.#messages.add(listener);
  }

  /** The process ended although nobody called `shutdown` or `restart`. Returns the way to stop listening. */
  onExit(listener: (exit: KernelExit) => void): () => void {
    return this.#exits.add(listener);
  }

  /** Signs a message and sends it. Frames are header, parent header, metadata, content, buffers. */
  async send(channel: Exclude<Channel, "iopub">, frames: Frames): Promise<void> {
    if (!this.#channels) throw new KernelDiedError(await this.#process.exited);
    await this.#channels.send(channel, frames);
  }

  /**
   * Asks on the shell or control channel and gives the reply's content.
   * Throws `KernelTimeoutError` after `timeoutMs`, `KernelDiedError` when the process ends.
   */
  async request(
    msgType: string,
    content: Record<string, unknown> = {},
    options: RequestOptions = {},
  ): Promise<Record<string, unknown>> {
    const { channel = "shell", timeoutMs = 10_000, untilIdle = false } = options;
    const header = newHeader(msgType, this.#session);
    const stop = new AbortController();
    const reply = new Promise<Record<string, unknown>>((resolve) => {
      let content: Message["content"] | undefined;
      let idle = !untilIdle;
      const off = this.onMessage((message) => {
        if (message.parent_header.msg_id !== header.msg_id) return;
        if (message.channel === channel) content = message.content;
        else if (message.content.execution_state === "idle") idle = true;
        if (content && idle) resolve(content);
      });
      stop.signal.addEventListener("abort", off);
    });
    const died = this.#process.exited.then((exit) => Promise.reject(new KernelDiedError(exit)));
    const late = sleep(timeoutMs, undefined, { signal: stop.signal }).then(() => {
      throw new KernelTimeoutError(`The kernel did not answer ${msgType} within ${timeoutMs} ms.`);
    });
    for (const promise of [died, late]) promise.catch(() => {});
    try {
      await this.send(channel, encode({ header, parent_header: {}, metadata: {}, content, buffers: [] }));
      return await Promise.race([reply, died, late]);
    } finally {
      stop.abort();
    }
  }

  /**
   * Runs code. Resolves when the reply and `idle` were both seen, or when it is certain that one was lost.
   * Throws `KernelDiedError` when the process ends first, after the last of its output was delivered.
   * Aborting `signal` stops the waiting and throws its reason; the kernel runs on: `interrupt` it.
   */
  execute(code: string, options: ExecuteOptions = {}): Promise<ExecuteOutcome> {
    const run = new Execution(options, {
      session: this.#session,
      send: (channel, message) => this.send(channel, encode(message)),
      interrupt: () => this.interrupt(),
    });
    this.#executions.add(run);
    const done = () => void this.#executions.delete(run);
    run.outcome.then(done, done);
    if (this.exit) run.fail(new KernelDiedError(this.exit));
    else run.send(code);
    return run.outcome;
  }

  /**
   * Interrupts what runs: SIGINT to the process group, or an `interrupt_request` where the kernelspec says so.
   * Throws on Windows for a kernel that knows only the signal, which Windows does not have.
   */
  async interrupt(): Promise<void> {
    if (this.spec.interruptMode === "message") {
      await this.request("interrupt_request", {}, { channel: "control" });
      return;
    }
    if (process.platform === "win32") {
      throw new Error(
        `The kernel "${this.spec.name}" can be interrupted only by a signal, which Windows lacks. Restart it instead.`,
      );
    }
    this.#process.kill("SIGINT");
  }

  /** Ends the process and its children and starts anew; listeners stay. Throws `KernelStartError`. */
  async restart(options: ShutdownOptions = {}): Promise<void> {
    await this.#end(true, options);
    await this.#start();
  }

  /**
   * Ends the kernel: asks, then SIGTERM, then SIGKILL to the whole process group, so that no child is left.
   * Safe to call twice, and on a dead kernel.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<KernelExit> {
    await this.#end(false, options);
    return this.#process.exited;
  }

  async #start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#startOnce();
        return;
      } catch (error) {
        if (!this.#process) throw error;
        await this.#end(false, { graceMs: 0 });
        // Not every kernel says what was wrong with its ports.
        const taken = portTaken.test(this.#process.output) || (await isAnyTaken(this.#connection));
        if (!taken || attempt === startAttempts || this.#options.signal?.aborted) throw error;
      }
    }
  }

  async #startOnce(): Promise<void> {
    const connection = await newConnection(this.spec.name, this.#options.ports);
    this.#connection = connection;
    const file = await writeConnectionFile(connection);
    this.#removeConnectionFile = file.remove;
    this.#ending = false;
    try {
      this.#process = new KernelProcess(this.spec, file.path, this.#options.cwd, this.#options.env);
    } catch (error) {
      await file.remove();
      throw new KernelStartError(
        `The kernel "${this.spec.name}" could not be started (${(error as Error).message}); check \`argv\` in ${join(this.spec.resourceDir, "kernel.json")}.`,
      );
    }
    this.#channels = new Channels(connection, (channel, frames) => this.#receive(channel, frames));
    const started = this.#process;
    void started.exited.then((exit) => this.#onProcessExit(started, exit));
    await this.#ready();
    // Asked for too soon, a kernel's request for input would get lost. Some kernels have no stdin socket at all.
    await this.#channels.connected(connectMs);
  }

  /** Throws `KernelStartError` when the kernel ends, is not wanted any more, or takes too long. */
  async #ready(): Promise<void> {
    const deadline = Date.now() + (this.#options.startTimeoutMs ?? defaultStartTimeoutMs);
    const ended = new AbortController();
    void this.#process.exited.then(() => ended.abort());
    const { signal } = this.#options;
    this.#info = await untilReady({
      ask: () => this.#askForInfo(),
      onMessage: (listener) => this.onMessage(listener),
      gone: signal ? AbortSignal.any([ended.signal, signal]) : ended.signal,
      check: () => this.#throwIfNotStarting(deadline),
    });
  }

  #throwIfNotStarting(deadline: number): void {
    const { exit, output } = this.#process;
    const { signal, startTimeoutMs = defaultStartTimeoutMs } = this.#options;
    const shown = output.trim() === "" ? "It wrote nothing." : `It wrote:\n${output.trim()}`;
    const name = `The kernel "${this.spec.name}"`;
    if (signal?.aborted) throw new KernelStartError(`${name} was not waited for: ${signal.reason}.`);
    if (exit) throw new KernelStartError(`${name} did not start: ${exit.reason}. ${shown}`);
    if (portTaken.test(output))
      throw new KernelStartError(`${name} did not start: its port was taken. ${shown}`);
    if (Date.now() >= deadline) {
      throw new KernelStartError(`${name} did not answer within ${startTimeoutMs / 1000} s. ${shown}`);
    }
  }

  /** Rejects when the sockets close because the start failed; that failure is reported there. */
  async #askForInfo(): Promise<void> {
    const header = newHeader("kernel_info_request", this.#session);
    const frames = encode({ header, parent_header: {}, metadata: {}, content: {}, buffers: [] });
    await this.#channels?.send("shell", frames);
  }

  #receive(channel: Channel, frames: Buffer[]): void {
    this.#received++;
    for (const listener of this.#frames.items) listener(channel, frames);
    if (this.#messages.items.size === 0 && this.#executions.size === 0) return;
    let message: Message;
    try {
      message = decode(channel, frames);
    } catch (error) {
      // It costs only itself: where it was a reply or an `idle`, that this was lost is found out.
      this.#process.note(`A message on ${channel} was ignored: ${(error as Error).message}`);
      return;
    }
    for (const run of this.#executions) run.receive(message);
    for (const listener of this.#messages.items) listener(message);
  }

  async #onProcessExit(ended: KernelProcess, exit: KernelExit): Promise<void> {
    // After a restart there may be others, which the new process answers.
    const lost = [...this.#executions];
    if (this.#ending && lost.length === 0) return;
    await this.#drained();
    for (const run of lost) run.fail(new KernelDiedError(exit));
    if (this.#process !== ended || this.#ending) return;
    void this.#closeChannels();
    for (const listener of this.#exits.items) listener(exit);
  }

  /** The process is gone, but its last messages may still be on their way through ZeroMQ. */
  async #drained(): Promise<void> {
    let before = -1;
    while (before !== this.#received) {
      before = this.#received;
      await sleep(drainMs);
    }
  }

  /** Resolves when the connection file is gone: its key lets anyone run code. */
  #closeChannels(): Promise<void> {
    this.#channels?.close();
    this.#channels = null;
    return this.#removeConnectionFile();
  }

  async #end(restart: boolean, { graceMs = 1000 }: ShutdownOptions): Promise<void> {
    this.#ending = true;
    const { exited } = this.#process;
    if (!this.exit && graceMs > 0) {
      this.request("shutdown_request", { restart }, { channel: "control", timeoutMs: graceMs }).catch(
        () => {},
      );
      await withinMs(graceMs, exited);
    }
    if (!this.exit && graceMs > 0) {
      this.#process.kill("SIGTERM");
      await withinMs(graceMs, exited);
    }
    // Also where the kernel has ended: a child of it may live on in the group.
    this.#process.kill("SIGKILL");
    await exited;
    // Who ends the program after this would leave the file behind.
    await this.#closeChannels();
  }
}

/**
 * Starts a kernel and waits until it can hear: `kernel_info` was answered and IOPub was heard. A port that
 * was taken meanwhile is a reason to start again with others.
 * Throws `KernelStartError` with what the process wrote.
 */
export function startKernel(spec: Kernelspec, options: KernelOptions): Promise<Kernel> {
  return Kernel.start(spec, options);
}
