/** JupyterLab's connection to a kernel, as what runs and judges notebooks wants one. */
import { type Kernel, KernelMessage } from "@jupyterlab/services";
import {
  type ExecuteOutcome,
  KernelDiedError,
  KernelTimeoutError,
  type Message,
  type SessionKernel,
} from "notebook-tools/run";
import { askKernel } from "../kernel-info";
import { unlessAborted, within } from "./waiting";

type Future = Kernel.IShellFuture<KernelMessage.IExecuteRequestMsg, KernelMessage.IExecuteReplyMsg>;
type Exit = NonNullable<SessionKernel["exit"]>;

const ends: Partial<Record<Kernel.Status, string>> = {
  restarting: "it ended or was restarted",
  autorestarting: "it ended and was started anew",
  terminating: "it was shut down",
  dead: "it ended",
};

/** How long a kernel has to start and to be heard, in ms; after a third of it, it is connected to anew. */
const startMs = 60_000;
/** Reply and `idle` travel on two sockets. When one is this late after the other, in ms, a later request finds out. */
const lateMs = 1000;

const exitBecause = (reason: string): Exit => ({ code: null, signal: null, reason, output: "" });

export class LabKernel implements SessionKernel {
  exit: Exit | null = null;
  /** What the kernel's process writes goes to the server. */
  readonly output = "";
  /** Told of each request to run code, so that its output can be shown. */
  onExecute: (future: Future) => void = () => {};
  readonly #listeners = new Set<(message: Message) => void>();
  readonly #gone = new AbortController();

  info: SessionKernel["info"] = {};

  private constructor(readonly connection: Kernel.IKernelConnection) {
    connection.anyMessage.connect(this.#heard);
    connection.statusChanged.connect(this.#statusChanged);
    connection.connectionStatusChanged.connect(this.#connectionChanged);
    connection.disposed.connect(this.#disposed);
  }

  /** Once the kernel is heard, so that nothing of its cells is lost; throws where it is not. */
  static async on(connection: Kernel.IKernelConnection, signal: AbortSignal): Promise<LabKernel> {
    const kernel = new LabKernel(connection);
    const asking = new AbortController();
    const late = () => new KernelTimeoutError(`The kernel did not answer within ${startMs / 1000} s.`);
    // Jupyter Server may leave a connection mute that is made while another one of the same page is being made.
    const again = setTimeout(() => void connection.reconnect().catch(() => {}), startMs / 3);
    try {
      const info = kernel.#unlessGone(askKernel(connection, asking.signal));
      kernel.info = { ...(await unlessAborted(within(info, startMs, late), signal)) };
      return kernel;
    } catch (error) {
      kernel.release();
      throw error;
    } finally {
      clearTimeout(again);
      asking.abort();
    }
  }

  /** Stops listening; the kernel lives on. */
  release() {
    const { connection } = this;
    connection.anyMessage.disconnect(this.#heard);
    connection.statusChanged.disconnect(this.#statusChanged);
    connection.connectionStatusChanged.disconnect(this.#connectionChanged);
    connection.disposed.disconnect(this.#disposed);
  }

  get spec() {
    return { language: this.info.language_info?.name ?? "" };
  }

  #heard = (_: unknown, { msg, direction }: Kernel.IAnyMessageArgs) => {
    if (direction === "recv") for (const listener of this.#listeners) listener(msg as unknown as Message);
  };

  #statusChanged = (_: unknown, status: Kernel.Status) => {
    const reason = ends[status];
    if (reason) this.#end(reason);
  };

  #connectionChanged = (_: unknown, status: Kernel.ConnectionStatus) => {
    if (status === "disconnected") this.#end("the connection to it was lost");
  };

  #disposed = () => this.#end("the notebook was closed or has another kernel now");

  #end(reason: string) {
    this.exit ??= exitBecause(reason);
    this.#gone.abort();
  }

  onMessage(listener: (message: Message) => void) {
    this.#listeners.add(listener);
  }

  /** What `promise` gives, but `KernelDiedError` once the kernel is gone. */
  #unlessGone<T>(promise: Promise<T>): Promise<T> {
    return unlessAborted(promise, this.#gone.signal, () => new KernelDiedError(this.exit!));
  }

  async execute(
    code: string,
    { msgId, userExpressions }: Parameters<SessionKernel["execute"]>[1],
  ): Promise<ExecuteOutcome> {
    if (this.exit) throw new KernelDiedError(this.exit);
    const { clientId: session, username } = this.connection;
    const content = {
      code,
      silent: false,
      store_history: true,
      user_expressions: userExpressions,
      allow_stdin: false,
      stop_on_error: false,
    };
    const request = KernelMessage.createMessage<KernelMessage.IExecuteRequestMsg>({
      msgType: "execute_request",
      channel: "shell",
      msgId,
      session,
      username,
      content,
    });
    const future = this.connection.sendShellMessage(request, true, false) as Future;
    this.onExecute(future);
    const rest = this.#restOf(future);
    let askedForInput = false;
    // Some kernels ask all the same. Nobody is there: interrupted, and answered with nothing.
    future.onStdin = ({ header }) => {
      askedForInput = true;
      void this.interrupt().catch(() => {});
      this.connection.sendInputReply(
        { status: "ok", value: "" },
        header as KernelMessage.IHeader<"input_request">,
      );
    };
    const whole = this.#replyOf(future).then((reply) => ({ reply, idle: true }));
    const { reply, idle } = await this.#unlessGone(Promise.race([whole, rest]));
    // JupyterLab would wait for what was lost.
    if (!idle || !("status" in reply)) future.dispose();
    const { status } = reply;
    return { msgId, status: typeof status === "string" ? status : null, reply, idle, askedForInput };
  }

  /**
   * What came of a request that does not become whole: messages of one socket keep their order, so when a later request
   * was answered and went idle, what is still missing was lost.
   */
  #restOf({ msg, done }: Future): Promise<{ reply: Record<string, unknown>; idle: boolean }> {
    const rest = { reply: {}, idle: false };
    const whole = new AbortController();
    return new Promise((resolve) => {
      const listener = ({ parent_header, header, content }: Message) => {
        if (parent_header.msg_id !== msg.header.msg_id) return;
        if (header.msg_type === "execute_reply") rest.reply = content;
        else if (content.execution_state === "idle") rest.idle = true;
        else return;
        const ask = () => askKernel(this.connection, whole.signal).then(() => resolve(rest));
        setTimeout(ask, lateMs);
      };
      this.#listeners.add(listener);
      const end = () => {
        whole.abort();
        this.#listeners.delete(listener);
      };
      done.then(end, end);
    });
  }

  /** JupyterLab gives a request up where the kernel starts anew. */
  async #replyOf(future: Future | Kernel.IShellFuture): Promise<Record<string, unknown>> {
    try {
      return { ...((await future.done) as KernelMessage.IMessage).content };
    } catch {
      this.#end("it was started anew");
      throw new KernelDiedError(this.exit!);
    }
  }

  async request(
    type: string,
    content: Record<string, unknown>,
    { timeoutMs }: Parameters<SessionKernel["request"]>[2],
  ): Promise<Record<string, unknown>> {
    if (this.exit) throw new KernelDiedError(this.exit);
    const { clientId: session, username } = this.connection;
    // JupyterLab's types know only the messages of the protocol.
    const message = { msgType: type, channel: "shell", session, username, content } as unknown;
    const request = KernelMessage.createMessage(
      message as KernelMessage.IOptions<KernelMessage.IInfoRequestMsg>,
    );
    const future = this.connection.sendShellMessage(request, true, true);
    const late = () => new KernelTimeoutError(`No answer to ${type} within ${timeoutMs} ms.`);
    return within(this.#unlessGone(this.#replyOf(future)), timeoutMs, late);
  }

  async interrupt() {
    if (!this.exit) await this.connection.interrupt();
  }

  /** Only what does not stop otherwise is ended. */
  async shutdown() {
    if (!this.exit) await this.connection.shutdown().catch(() => {});
  }
}
