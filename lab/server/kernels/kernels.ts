import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findKernelspecsIn, type Kernelspec } from "notebook-tools/kernel-client";
import type { Background } from "../contents/background";
import { HttpError } from "../http/errors";
import type { Faults } from "../http/faults";
import { GoneKernels } from "./gone-kernels";
import { type KernelModel, RunningKernel } from "./running-kernel";

/** A kernel that cannot start at all has said so by then, in ms; one that can goes on starting behind the answer. */
const earlyFailure = 200;

/** How long the end of all kernels is waited for, in ms: one that hangs at its start dies with this process. */
const patience = 2000;

/** The kernel of this project. */
const defaultKernel = "tslab";

/** How long each may take to end by itself then, and again after a signal, in ms. */
const graceMs = 500;

/** The project's own kernels, which are there for a root outside the project, too. */
const ownSpecs = path.resolve(__dirname, "..", "..", "..", "..", "node_modules", ".jupyter");

export interface KernelsOptions {
  /** The file that keeps the ids of kernels, for the server after this one. */
  readonly record: string;
  /** How long a kernel that no page is connected to may be idle before it is shut down, in s; 0 for ever. */
  readonly cullIdleSeconds: number;
  readonly faults: Faults;
  readonly background: Background;
}

/** The kernels that notebooks can have, and those that run. */
export class Kernels {
  readonly #kernels = new Map<string, RunningKernel>();
  readonly #gone: GoneKernels;
  readonly #culling: NodeJS.Timeout | undefined;
  #closed = false;
  #sharedDirs: Promise<readonly string[]> | undefined;
  /** How many pages are connected to a kernel. */
  connectionsOf: (id: string) => number = () => 0;

  constructor(readonly options: KernelsOptions) {
    this.#gone = new GoneKernels(options.record);
    const { cullIdleSeconds } = options;
    const everyMs = Math.min(60, cullIdleSeconds / 2) * 1000;
    if (cullIdleSeconds > 0) this.#culling = setInterval(() => void this.#cull(), everyMs).unref();
  }

  /**
   * The kernelspecs of the project and of Jupyter's own folders. Those of the folder that is served are none of
   * them: opening a stranger's notebook would run the stranger's command.
   */
  async specs(): Promise<Map<string, Kernelspec>> {
    return findKernelspecsIn([ownSpecs, ...(await this.#dirs())]);
  }

  /** Throws `HttpError` 400 when there is no such kernelspec. */
  async spec(name: string | undefined): Promise<Kernelspec> {
    const own = findKernelspecsIn([ownSpecs]);
    const found =
      own.get(name ?? defaultKernel) ?? (await this.specs()).get(name ?? (await this.defaultName()));
    if (found) return found;
    throw new HttpError(
      400,
      `There is no kernel named ${name ?? defaultKernel}; run \`npm start\` again to install it.`,
    );
  }

  async defaultName(): Promise<string> {
    const names = [...(await this.specs()).keys()];
    return names.includes(defaultKernel) ? defaultKernel : (names[0] ?? "");
  }

  /** Looked for once, and not while others wait: a Python may have to be asked. */
  #dirs(): Promise<readonly string[]> {
    const found = () => this.options.background.run("dataDirs", {}, Number.POSITIVE_INFINITY);
    this.#sharedDirs ??= found().then(({ folders }) => folders);
    return this.#sharedDirs;
  }

  list(): RunningKernel[] {
    return [...this.#kernels.values()];
  }

  find(id: string): RunningKernel | undefined {
    return this.#kernels.get(id);
  }

  /** Throws `HttpError` 404. */
  get(id: string): RunningKernel {
    const kernel = this.#kernels.get(id);
    if (!kernel) throw new HttpError(404, `No kernel runs with the id ${id}`);
    return kernel;
  }

  /** The model of a kernel that runs, or ran when an earlier server was ended: dead. Throws `HttpError` 404. */
  model(id: string): KernelModel {
    const gone = this.#kernels.has(id) ? undefined : this.#gone.find(id);
    return gone ?? this.get(id).model(this.connectionsOf(id));
  }

  /**
   * Returns while the kernel may still be starting. Throws `HttpError` 400 when there is no such kernelspec,
   * `KernelStartError` when it fails at once; one that fails later becomes `dead`.
   */
  async start(name: string | undefined, cwd: string): Promise<RunningKernel> {
    if (this.#closed) throw new HttpError(503, "The server is stopping.");
    const spec = await this.spec(name);
    const kernel = new RunningKernel(spec, cwd, this.options.faults);
    this.#kernels.set(kernel.id, kernel);
    try {
      await Promise.race([kernel.ready, sleep(earlyFailure)]);
    } catch (error) {
      this.#kernels.delete(kernel.id);
      throw new HttpError(500, (error as Error).message);
    }
    this.#gone.note(kernel.id, spec.name);
    kernel.ready.catch((error: Error) => console.error(this.options.faults.redact(error.message)));
    return kernel;
  }

  /** Throws `HttpError` 404. */
  async shutdown(id: string, grace?: number): Promise<void> {
    const kernel = this.get(id);
    this.#kernels.delete(id);
    this.#gone.forget(id);
    await kernel.shutdown(grace);
  }

  /** Ends all, even those that are still starting; returns after 2 s at the latest. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#culling);
    const ended = Promise.allSettled([...this.#kernels.keys()].map((id) => this.shutdown(id, graceMs)));
    await Promise.race([ended, sleep(patience, undefined, { ref: false })]);
  }

  async #cull(): Promise<void> {
    const before = Date.now() - this.options.cullIdleSeconds * 1000;
    for (const { id, state, lastActivity } of this.list()) {
      const isUnused = state === "idle" && lastActivity.getTime() < before && this.connectionsOf(id) === 0;
      if (isUnused) await this.shutdown(id).catch((error) => this.options.faults.report("culling", error));
    }
  }
}
