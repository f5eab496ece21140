/** What is wrong between a notebook and its kernel. */
import type { ISessionContext } from "@jupyterlab/apputils";
import { type Kernel, ServerConnection } from "@jupyterlab/services";

/** `server`: it does not answer. `kernel`: the server does, and has no such kernel. */
export type Trouble = "server" | "kernel" | undefined;

/** A connection that comes back within so many ms is no trouble. */
const graceMs = 1_000;
/** How often the server is asked while the connection is lost. */
const askMs = 2_000;

/** How long the server has to answer. */
const answerMs = 5_000;

async function askServer({ id, serverSettings }: Kernel.IKernelConnection): Promise<Trouble> {
  try {
    const address = `${serverSettings.baseUrl}api/kernels/${encodeURIComponent(id)}`;
    // One that ends may accept what it never answers.
    const init = { signal: AbortSignal.timeout(answerMs) };
    const answer = await ServerConnection.makeRequest(address, init, serverSettings);
    if (answer.status === 404) return "kernel";
    if (!answer.ok) return "server";
    const model = (await answer.json()) as Partial<Kernel.IModel>;
    return model.execution_state === "dead" ? "kernel" : undefined;
  } catch {
    return "server";
  }
}

/** Watches one notebook; costs nothing while it is connected. */
export class TroubleWatch {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #trouble: Trouble;
  /** The kernel that was connected last. */
  #kernel: Kernel.IKernelConnection | undefined;

  constructor(
    readonly context: ISessionContext,
    readonly tell: (trouble: Trouble) => void,
  ) {
    context.connectionStatusChanged.connect(this.#look, this);
    context.statusChanged.connect(this.#look, this);
    context.kernelChanged.connect(this.#look, this);
    context.disposed.connect(() => clearTimeout(this.#timer));
    this.#look();
  }

  #set(trouble: Trouble) {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.tell(trouble);
  }

  #look() {
    const kernel = this.context.session?.kernel ?? undefined;
    // JupyterLab lets go of a session that the server does not know. One that was shut down is not missed.
    if (!kernel && this.#trouble) return this.#set("kernel");
    this.#kernel = kernel;
    if (kernel?.status === "dead") return this.#set("kernel");
    if (!kernel || kernel.connectionStatus === "connected") {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return this.#set(undefined);
    }
    this.#timer ??= setTimeout(() => void this.ask(), graceMs);
  }

  /** Asks the server now, and again until the notebook is connected. */
  async ask() {
    clearTimeout(this.#timer);
    const kernel = this.#kernel;
    if (!kernel || kernel.isDisposed) return;
    const trouble = await askServer(kernel);
    if (kernel !== this.#kernel || this.context.isDisposed) return;
    this.#timer = undefined;
    if (kernel.isDisposed || kernel.connectionStatus === "connected") return this.#look();
    const isBack = trouble === undefined && this.#trouble === "server";
    this.#set(trouble);
    if (trouble === "kernel") return;
    // JupyterLab itself waits longer each time, and gives up after some attempts.
    if (isBack || (trouble === undefined && kernel.connectionStatus === "disconnected"))
      void kernel.reconnect().catch(() => {});
    this.#timer = setTimeout(() => void this.ask(), askMs);
  }

  /** Starts a kernel of the same kind in place of the one that is gone. */
  async startNew() {
    const { context } = this;
    const name = this.#kernel?.name ?? context.kernelPreference.name;
    // The server may not know the session either, and would refuse to change it.
    context.session?.dispose();
    await context.changeKernel(name ? { name } : {});
  }
}
