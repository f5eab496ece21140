/** What a session needs of a kernel, whoever started it. */
import type { ExecuteOutcome, KernelExit, KernelInfo, Message } from "../kernel-client/browser";

/** A running kernel: one of kernel-client, or a front end's connection to one. */
export interface SessionKernel {
  readonly spec: { readonly language: string };
  /** What the kernel said of itself when it started. */
  readonly info: KernelInfo;
  /** null while it runs. */
  readonly exit: KernelExit | null;
  /** The end of what its process wrote outside the protocol, where that is known. */
  readonly output: string;
  /**
   * Runs code and waits for its reply and its `idle`. `msgId` is the request's id, by which `onMessage` can tell what
   * belongs to it. Rejects with `KernelDiedError` where the kernel ends meanwhile.
   */
  execute(
    code: string,
    options: { msgId: string; userExpressions: Record<string, string> },
  ): Promise<ExecuteOutcome>;
  /**
   * The content of the reply to a request on the shell channel; with `untilIdle` what was put out before has then been
   * delivered. Rejects with `KernelTimeoutError` and `KernelDiedError`.
   */
  request(
    type: string,
    content: Record<string, unknown>,
    options: { timeoutMs: number; untilIdle: boolean },
  ): Promise<Record<string, unknown>>;
  /** Every message of the kernel, from now on. */
  onMessage(listener: (message: Message) => void): unknown;
  interrupt(): Promise<void>;
  /** Ends it and all it started; safe to call twice. */
  shutdown(options: { graceMs: number }): Promise<unknown>;
}

export const sleep = <T>(ms: number, value?: T): Promise<T> =>
  new Promise((resolve) => setTimeout(resolve, ms, value));
