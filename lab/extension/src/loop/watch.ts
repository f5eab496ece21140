/** Listens to a kernel's event loop over the comm `kernel-helpers:loop`, which costs the kernel nothing once closed. */
import type { Kernel } from "@jupyterlab/services";
import { infoOf } from "../kernel-info";
import { type LoopState, readLoopState } from "./text";

const target = "kernel-helpers:loop";
const ends = new Set(["restarting", "autorestarting", "terminating", "dead"]);

export class LoopWatch {
  #comm: Kernel.IComm | undefined;
  #last: LoopState | undefined;
  #isServed = false;
  #isRefused = false;
  #isDisposed = false;

  /** `tell` is called with each message, and with `undefined` where the kernel tells nothing (any more). */
  constructor(
    readonly kernel: Kernel.IKernelConnection,
    readonly tell: (state: LoopState | undefined) => void,
  ) {
    kernel.statusChanged.connect(this.#statusChanged);
    kernel.connectionStatusChanged.connect(this.#connectionChanged);
    void this.#begin();
  }

  dispose() {
    this.#isDisposed = true;
    this.kernel.statusChanged.disconnect(this.#statusChanged);
    this.kernel.connectionStatusChanged.disconnect(this.#connectionChanged);
    this.#close();
  }

  async #begin() {
    // Other kernels would write a warning to their log for a target that they do not know.
    const info = await infoOf(this.kernel).catch(() => undefined);
    const features = (info as { supported_features?: unknown } | undefined)?.supported_features;
    this.#isServed = Array.isArray(features) && features.includes(target);
    this.#open();
  }

  #statusChanged = (_: unknown, status: Kernel.Status) => {
    if (!ends.has(status)) return this.#open();
    // JupyterLab has forgotten the comms of a kernel that starts anew.
    this.#comm = undefined;
    this.#isRefused = false;
    this.tell(undefined);
  };

  /** What was told last holds again once the connection is back; the kernel tells only what changes. */
  #connectionChanged = (_: unknown, status: Kernel.ConnectionStatus) => {
    this.tell(status === "connected" && this.#comm ? this.#last : undefined);
  };

  #open() {
    const { kernel } = this;
    if (this.#comm || !this.#isServed || this.#isRefused || this.#isDisposed) return;
    // A second view of the same kernel gets no comms from JupyterLab; the first one has them.
    if (!kernel.handleComms || kernel.connectionStatus !== "connected") return;
    const comm = kernel.createComm(target);
    comm.onMsg = ({ content: { data } }) => {
      const state = readLoopState(data);
      if (comm !== this.#comm || !state) return;
      this.#last = state;
      this.tell(state);
    };
    comm.onClose = () => {
      if (comm !== this.#comm) return;
      this.#comm = undefined;
      this.#isRefused = true;
      this.tell(undefined);
    };
    this.#comm = comm;
    comm.open().done.catch(() => {});
  }

  #close() {
    const comm = this.#comm;
    this.#comm = undefined;
    if (!comm || comm.isDisposed || this.kernel.isDisposed) return;
    comm.close().done.catch(() => {});
  }
}
