/** When a kernel that starts can hear: `kernel_info` was answered, and IOPub was heard. */
import type { KernelInfo, Message } from "./messages";

/** A request that reaches a kernel while its sockets bind may go unanswered, so it is sent again, in ms. */
const askAgainMs = 250;
/** The shell has answered, but the subscription to IOPub came too late to hear of it. */
const askAgainForIopubMs = 20;

interface Starting {
  /** Sends a `kernel_info_request`; resolves when it has left. */
  ask(): Promise<void>;
  onMessage(listener: (message: Message) => void): () => void;
  /** Aborts when the kernel ended or nobody wants it any more. */
  gone: AbortSignal;
  /** Throws when there is no use in waiting on. */
  check(): void;
}

/** Waits for the next call of what it returns, but no longer than `ms`. */
function alarm(ms: number): { ring(): void; rung: Promise<void> } {
  let ring = () => {};
  const rung = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    ring = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  return { ring, rung };
}

/** Asks again and again until both sockets are known to work; gives the kernel's answer. */
export async function untilReady({ ask, onMessage, gone, check }: Starting): Promise<KernelInfo> {
  let info: KernelInfo | undefined;
  let heard = false;
  let waiting = alarm(0);
  let asking = false;
  const ring = () => waiting.ring();
  const off = onMessage(({ channel, header, content }) => {
    const isNews = channel === "iopub" ? !heard : !info && header.msg_type === "kernel_info_reply";
    if (channel === "iopub") heard = true;
    else if (isNews) info = content;
    // IOPub alone is no reason to look again: the reply is still to come.
    if (info && isNews) ring();
  });
  gone.addEventListener("abort", ring, { once: true });
  try {
    while (!info || !heard) {
      check();
      // A send waits for the connection; more of them would only pile up behind it.
      if (!asking) {
        asking = true;
        const done = () => {
          asking = false;
        };
        ask().then(done, done);
      }
      waiting = alarm(info ? askAgainForIopubMs : askAgainMs);
      await waiting.rung;
    }
    return info;
  } finally {
    off();
    gone.removeEventListener("abort", ring);
  }
}
