/** One `execute_request`, followed until its reply and its `idle` are in. */
import type { Channel, Message } from "./messages";
import { newHeader } from "./wire";

export interface ExecuteOptions {
  /** The request's id, by which `onMessage` of the kernel can tell later output of it. Made up when left out. */
  msgId?: string;
  silent?: boolean;
  /** Default true, as a notebook has it. */
  storeHistory?: boolean;
  /** Whether the kernel drops requests that queue behind a failing one. Default false. */
  stopOnError?: boolean;
  /** Every message on IOPub that this request caused, in order. */
  onMessage?: (message: Message) => void;
  /** Answers `input()`. Without it the kernel is told that there is nobody to ask; one that asks all the same is interrupted. */
  onInput?: (prompt: string, password: boolean) => string | Promise<string>;
  /** Stops the waiting. */
  signal?: AbortSignal;
}

export interface ExecuteOutcome {
  /** The id of the request, which later messages name as their parent. */
  msgId: string;
  /** `ok`, `error`, `aborted` …, as the kernel replied; null where no reply came. */
  status: string | null;
  /** The reply's content; empty where none came. */
  // biome-ignore lint/suspicious/noExplicitAny: its shape depends on the kernel.
  reply: Record<string, any>;
  /** Whether `idle` was seen. Without it, output may be missing. */
  idle: boolean;
  /** Whether the code asked for input that nobody could give. */
  askedForInput: boolean;
}

export interface Execution {
  outcome: Promise<ExecuteOutcome>;
  receive(message: Message): void;
  fail(error: Error): void;
}

interface Line {
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

  send(line: Line): void {
    const header = newHeader("kernel_info_request", line.session);
    this.#id = header.msg_id;
    line.send("shell", { header, content: {}, ...bare }).catch(() => {});
  }

  receive(message: Message): boolean {
    if (this.#id === "" || message.parent_header.msg_id !== this.#id) return false;
    if (message.channel === "shell") this.#reply = true;
    if (message.channel === "iopub" && message.content.execution_state === "idle") this.#idle = true;
    return this.#reply && this.#idle;
  }
}

export function execution(code: string, options: ExecuteOptions, line: Line): Execution {
  const { silent = false, storeHistory = !silent, stopOnError = false, onMessage, onInput, signal } = options;
  const header = newHeader("execute_request", line.session);
  header.msg_id = options.msgId ?? header.msg_id;
  const state: ExecuteOutcome = {
    msgId: header.msg_id,
    status: null,
    reply: {},
    idle: false,
    askedForInput: false,
  };
  const probe = new Probe();
  let replied = false;
  let timer: NodeJS.Timeout | undefined;
  let settle!: { resolve(outcome: ExecuteOutcome): void; reject(error: unknown): void };
  const outcome = new Promise<ExecuteOutcome>((resolve, reject) => {
    settle = { resolve, reject };
  });

  const onAbort = () => fail(signal?.reason);
  function release(): void {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
  function finish(): void {
    release();
    settle.resolve(state);
  }
  function fail(error: unknown): void {
    release();
    settle.reject(error);
  }
  function finishWhenComplete(): void {
    if (replied && state.idle) finish();
    else timer ??= setTimeout(() => probe.send(line), probeAfterMs);
  }

  function onIopub(message: Message): void {
    // Everything but the frame of busy and idle is the request's own.
    if (message.header.msg_type === "status") {
      if (message.content.execution_state !== "idle") return;
      state.idle = true;
      finishWhenComplete();
    } else onMessage?.(message);
  }

  function onReply(message: Message): void {
    replied = true;
    state.reply = message.content;
    state.status = typeof message.content.status === "string" ? message.content.status : null;
    finishWhenComplete();
  }

  async function answer(request: Message): Promise<void> {
    const { prompt = "", password = false } = request.content;
    if (!onInput) state.askedForInput = true;
    const value = onInput ? await onInput(prompt, password) : "";
    const reply = newHeader("input_reply", line.session);
    await line.send("stdin", {
      header: reply,
      ...bare,
      parent_header: request.header,
      content: { value, status: "ok" },
    });
    if (!onInput) await line.interrupt();
  }

  function receive(message: Message): void {
    if (message.parent_header.msg_id !== header.msg_id) {
      if (probe.receive(message)) finish();
      return;
    }
    if (message.channel === "iopub") onIopub(message);
    else if (message.channel === "shell") onReply(message);
    else if (message.header.msg_type === "input_request") answer(message).catch(fail);
  }

  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const content = {
    code,
    silent,
    store_history: storeHistory,
    user_expressions: {},
    allow_stdin: onInput !== undefined,
    stop_on_error: stopOnError,
  };
  line.send("shell", { header, content, ...bare }).catch(fail);
  return { outcome, receive, fail };
}
