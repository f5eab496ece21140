/** JupyterLab's connection to a kernel, as what runs and judges notebooks wants one. */
import { type Kernel, KernelMessage } from "@jupyterlab/services";
import {
  type ExecuteOutcome,
  KernelDiedError,
  KernelTimeoutError,
  type Message,
  type SessionKernel,
} from "notebook-tools/run";

type Future = Kernel.IShellFuture<KernelMessage.IExecuteRequestMsg, KernelMessage.IExecuteReplyMsg>;
type Exit = NonNullable<SessionKernel["exit"]>;

const ends: Partial<Record<Kernel.Status, string>> = {
  restarting: "it ended or was restarted",
  autorestarting: "it ended and was started anew",
  terminating: "it was shut down",
  dead: "it ended",
};

const exitBecause = (reason: string): Exit => ({ code: null, signal: null, reason, output: "" });

export class LabKernel implements SessionKernel {
  exit: Exit | null = null;
  /** What the kernel's process writes goes to the server. */
  readonly output = "";
  /** Told of each request to run code, so that its output can be shown. */
  onExecute: (future: Future) => void = () => {};
  readonly #listeners: ((message: Message) => void)[] = [];
  readonly #gone = new AbortController();

  private constructor(
    readonly connection: Kernel.IKernelConnection,
    readonly info: SessionKernel["info"],
  ) {
    connection.anyMessage.connect(this.#heard);
    connection.statusChanged.connect(this.#statusChanged);
    connection.connectionStatusChanged.connect(this.#connectionChanged);
    connection.disposed.connect(this.#disposed);
  }

  static async on(connection: Kernel.IKernelConnection): Promise<LabKernel> {
    return new LabKernel(connection, { ...(await connection.info) });
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
    this.#listeners.push(listener);
  }

  /** What `promise` gives, but `KernelDiedError` once the kernel is gone. */
  async #unlessGone<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#gone;
    const stop = new AbortController();
    const gone = new Promise<never>((_, reject) => {
      const tell = () => reject(new KernelDiedError(this.exit!));
      if (signal.aborted) tell();
      signal.addEventListener("abort", tell, { signal: stop.signal });
    });
    try {
      return await Promise.race([promise, gone]);
    } finally {
      stop.abort();
    }
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
    const reply = await this.#unlessGone(this.#replyOf(future));
    const { status } = reply;
    return { msgId, status: typeof status === "string" ? status : null, reply, idle: true, askedForInput };
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
    let timer: number | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = window.setTimeout(
        () => reject(new KernelTimeoutError(`No answer to ${type} within ${timeoutMs} ms.`)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([this.#unlessGone(this.#replyOf(future)), late]);
    } finally {
      window.clearTimeout(timer);
    }
  }

  async interrupt() {
    if (!this.exit) await this.connection.interrupt();
  }

  /** Only what does not stop otherwise is ended. */
  async shutdown() {
    if (!this.exit) await this.connection.shutdown().catch(() => {});
  }
}
