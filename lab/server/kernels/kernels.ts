import { randomUUID } from "node:crypto";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Channel,
  encode,
  type Frames,
  findKernelspecs,
  type Kernel,
  type Kernelspec,
  newHeader,
  startKernel,
} from "notebook-tools";
import { HttpError } from "../http/router";

/** Jupyter's model of a running kernel. */
export interface KernelModel {
  readonly id: string;
  readonly name: string;
  readonly last_activity: string;
  readonly execution_state: string;
  readonly connections: number;
}

/** Takes every message of a kernel. */
export type Listener = (channel: Channel, frames: Frames) => void;

/** A kernel that keeps its id and its listeners while processes come and go. */
export interface RunningKernel {
  readonly id: string;
  model(): KernelModel;
  listen(listener: Listener): () => void;
  send(channel: Exclude<Channel, "iopub">, frames: Frames): Promise<void>;
  interrupt(): Promise<void>;
  restart(): Promise<void>;
  shutdown(): Promise<void>;
}

/** A kernel that cannot start at all has said so by then, in ms; one that can goes on starting behind the answer. */
const earlyFailure = 200;

/** How long the end of all kernels is waited for, in ms: one that hangs at its start dies with this process. */
const patience = 5000;

/** A kernel that dies this often without having answered anything in between is left dead. */
const mostDeaths = 3;

const textOf = (frame: Uint8Array | undefined) => Buffer.from(frame ?? "{}").toString("utf8");

/** What an IOPub message says about the kernel's state, or `null` when it is no status message. */
function stateIn(channel: Channel, frames: Frames): string | null {
  if (channel !== "iopub" || !textOf(frames[0]).includes('"status"')) return null;
  return JSON.parse(textOf(frames[0])).msg_type === "status"
    ? JSON.parse(textOf(frames[3])).execution_state
    : null;
}

function statusFrames(session: string, execution_state: string): Frames {
  const header = newHeader("status", session);
  return encode({ header, parent_header: {}, metadata: {}, content: { execution_state }, buffers: [] });
}

/** Follows a kernel from its start on; `started` may still be under way. */
function follow(started: Promise<Kernel>, spec: Kernelspec): RunningKernel {
  const id = randomUUID();
  const listeners = new Set<Listener>();
  let state = "starting";
  let lastActivity = new Date();
  let deaths = 0;
  // What is sent while a process starts waits for this, or it would reach no one.
  let ready: Promise<unknown> = started.then(attend, fail);

  function announce(channel: Channel, frames: Frames): void {
    for (const listener of listeners) listener(channel, frames);
  }

  function report(newState: string): void {
    state = newState;
    announce("iopub", statusFrames(id, newState));
  }

  function fail(error: Error): void {
    console.error(error.message);
    report("dead");
  }

  function hear(channel: Channel, frames: Frames): void {
    lastActivity = new Date();
    if (channel === "shell") deaths = 0;
    state = stateIn(channel, frames) ?? state;
    announce(channel, frames);
  }

  function attend(kernel: Kernel): void {
    state = "idle";
    kernel.onFrames(hear);
    kernel.onExit(({ reason }) => {
      console.error(`The kernel ${spec.name} died: ${reason}`);
      if (++deaths > mostDeaths) return report("dead");
      // JupyterLab tells the person when it hears this without having asked for it.
      report("restarting");
      restart().catch(fail);
    });
  }

  function restart(): Promise<void> {
    const restarted = ready.then(async () => (await started).restart());
    ready = restarted.catch(() => {});
    return restarted;
  }

  return {
    id,
    model: () => ({
      id,
      name: spec.name,
      last_activity: lastActivity.toISOString(),
      execution_state: state,
      connections: listeners.size,
    }),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async send(channel, frames) {
      await ready;
      await (await started).send(channel, frames);
    },
    async interrupt() {
      await (await started).interrupt();
    },
    async restart() {
      state = "restarting";
      await restart();
    },
    async shutdown() {
      const kernel = await started.catch(() => null);
      await kernel?.shutdown();
      report("dead");
    },
  };
}

export interface Kernels {
  specs(): Map<string, Kernelspec>;
  defaultName(): string;
  /**
   * Returns while the kernel may still be starting. Throws `HttpError` 400 when there is no such kernelspec,
   * `KernelStartError` when it fails at once; one that fails later becomes `dead`.
   */
  start(name: string | undefined, cwd: string): Promise<RunningKernel>;
  list(): RunningKernel[];
  /** Throws `HttpError` 404. */
  get(id: string): RunningKernel;
  shutdown(id: string): Promise<void>;
  /** Ends all, even those that are still starting; returns after 5 s at the latest. */
  close(): Promise<void>;
}

/** The kernels that notebooks below `root` can have, and those that run. */
export function createKernels(root: string): Kernels {
  const kernels = new Map<string, RunningKernel>();
  // The project's own kernel is there for a root outside the project too.
  const specs = () => new Map([...findKernelspecs(path.join(__dirname, "..")), ...findKernelspecs(root)]);
  let closed = false;

  function defaultName(): string {
    const names = [...specs().keys()];
    return names.includes("tslab") ? "tslab" : (names[0] ?? "");
  }

  async function shutdown(id: string): Promise<void> {
    const kernel = get(id);
    kernels.delete(id);
    await kernel.shutdown();
  }

  function get(id: string): RunningKernel {
    const kernel = kernels.get(id);
    if (!kernel) throw new HttpError(404, `No kernel runs with the id ${id}`);
    return kernel;
  }

  return {
    specs,
    defaultName,
    get,
    shutdown,
    list: () => [...kernels.values()],
    async start(name, cwd) {
      if (closed) throw new HttpError(503, "The server is stopping.");
      const spec = specs().get(name ?? defaultName());
      if (!spec)
        throw new HttpError(400, `There is no kernel named ${name}; run \`npm start\` again to install it.`);
      const started = startKernel(spec, { cwd });
      const kernel = follow(started, spec);
      kernels.set(kernel.id, kernel);
      try {
        await Promise.race([started, sleep(earlyFailure)]);
      } catch (error) {
        kernels.delete(kernel.id);
        throw error;
      }
      return kernel;
    },
    async close() {
      closed = true;
      const ended = Promise.allSettled([...kernels.keys()].map(shutdown));
      await Promise.race([ended, sleep(patience, undefined, { ref: false })]);
    },
  };
}
