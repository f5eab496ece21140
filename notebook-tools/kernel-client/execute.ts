/** One `execute_request`, followed until its reply and its `idle` are in. */
import type { Channel, ExecuteOutcome, Message } from "./messages";
import { newHeader } from "./wire";

export interface ExecuteOptions {
  /** The request's id, by which `onMessage` of the kernel can tell later output of it. Made up when left out. */
  msgId?: string;
  silent?: boolean;
  /** Default true, as a notebook has it. */
  storeHistory?: boolean;
  /** Whether the kernel drops requests that queue behind a failing one. Default false. */
  stopOnError?: boolean;
  /** What the kernel evaluates after the code, by name: the reply's `user_expressions`. */
  userExpressions?: Record<string, string>;
  /** Every message on IOPub that this request caused, in order. */
  onMessage?: (message: Message) => void;
  /** Answers `input()`. Without it the kernel is told that there is nobody to ask; one that asks all the same is interrupted. */
  onInput?: (prompt: string, password: boolean) => string | Promise<string>;
  /** Stops the waiting. */
  signal?: AbortSignal;
}

interface RequestChannel {
  session: string;
  send(channel: Exclude<Channel, "iopub">, message: Omit<Message, "channel">): Promise<void>;
  interrupt(): Promise<void>;
}

/** Reply and `idle` travel on two sockets. When one is this late after the other, in ms, a probe finds out. */
const probeAfterMs = 300;

const bare = { parent_header: {}, metadata: {}, buffers: [] };

/**
 * Messages of one socket keep their order. So when the reply and `idle` of a later request are in, what is
 * still missing of this one was lost, and there is no need to guess by a timeout.
 */
class Probe {
  #id = "";
  #reply = false;
  #idle = false;

  send(channel: RequestChannel): void {
    const header = newHeader("kernel_info_request", channel.session);
    this.#id = header.msg_id;
    channel.send("shell", { header, content: {}, ...bare }).catch(() => {});
  }

  /** Whether this message was the last of the probe's two. */
  receive(message: Message): boolean {
    if (this.#id === "" || message.parent_header.msg_id !== this.#id) return false;
    if (message.channel === "shell") this.#reply = true;
    if (message.channel === "iopub" && message.content.execution_state === "idle") this.#idle = true;
    return this.#reply && this.#idle;
  }
}

export class Execution {
  readonly outcome: Promise<ExecuteOutcome>;
  readonly #header;
  readonly #state: ExecuteOutcome;
  readonly #probe = new Probe();
  #replied = false;
  #timer: NodeJS.Timeout | undefined;
  #settle!: { resolve(outcome: ExecuteOutcome): void; reject(error: unknown): void };
  readonly #onAbort = () => this.fail(this.options.signal?.reason);

  constructor(
    private readonly options: ExecuteOptions,
    private readonly channel: RequestChannel,
  ) {
    this.#header = newHeader("execute_request", channel.session);
    this.#header.msg_id = options.msgId ?? this.#header.msg_id;
    this.#state = { msgId: this.#header.msg_id, status: null, reply: {}, idle: false, askedForInput: false };
    this.outcome = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  send(code: string): void {
    const { silent = false, storeHistory = !silent, stopOnError = false, onInput, signal } = this.options;
    if (signal?.aborted) {
      this.#onAbort();
      return;
    }
    const content = {
      code,
      silent,
      store_history: storeHistory,
      user_expressions: this.options.userExpressions ?? {},
      allow_stdin: onInput !== undefined,
      stop_on_error: stopOnError,
    };
    this.channel.send("shell", { ...bare, header: this.#header, content }).catch((error) => this.fail(error));
  }

  /** Takes any message of the kernel; does nothing for those of other requests. */
  receive(message: Message): void {
    if (message.parent_header.msg_id !== this.#header.msg_id) {
      if (this.#probe.receive(message)) this.#finish();
    } else if (message.channel === "iopub") this.#onIopub(message);
    else if (message.channel === "shell") this.#onReply(message);
    else if (message.header.msg_type === "input_request")
      this.#answer(message).catch((error) => this.fail(error));
  }

  fail(error: unknown): void {
    this.#release();
    this.#settle.reject(error);
  }

  #onIopub(message: Message): void {
    if (message.header.msg_type !== "status") {
      this.options.onMessage?.(message);
    } else if (message.content.execution_state === "idle") {
      this.#state.idle = true;
      this.#finishWhenComplete();
    }
  }

  #onReply({ content }: Message): void {
    this.#replied = true;
    this.#state.reply = content;
    this.#state.status = typeof content.status === "string" ? content.status : null;
    this.#finishWhenComplete();
  }

  async #answer(request: Message): Promise<void> {
    const { onInput } = this.options;
    const { prompt = "", password = false } = request.content;
    this.#state.askedForInput ||= !onInput;
    // Nobody there: interrupted, and answered with nothing in case the kernel cannot be interrupted.
    if (!onInput) await this.channel.interrupt().catch(() => {});
    const value = onInput ? await onInput(prompt, password) : "";
    const header = newHeader("input_reply", this.channel.session);
    const content = { value, status: "ok" };
    await this.channel.send("stdin", { ...bare, header, parent_header: request.header, content });
  }

  #finishWhenComplete(): void {
    if (this.#replied && this.#state.idle) this.#finish();
    else this.#timer ??= setTimeout(() => this.#probe.send(this.channel), probeAfterMs);
  }

  #finish(): void {
    this.#release();
    this.#settle.resolve(this.#state);
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.options.signal?.removeEventListener("abort", this.#onAbort);
  }
}
