/** Failures that a kernel reports when the cell that caused them has already been answered with `ok`. */
import type { Message } from "../kernel-client/browser";

/**
 * What kernels print on stderr for a failure that no cell awaits: tslab's prefixes, ipykernel's and asyncio's,
 * and Node's own words.
 */
const marks = [
  /^(?:UnhandledPromiseRejection|UncaughtException):[ \t]*/m,
  /^Exception in thread .*$/m,
  /^(?:Task|Future) exception was never retrieved$/m,
  /^Exception ignored in: .*$/m,
];

const errorLine = /^\s*(?:Uncaught )?((?:[A-Z]\w*\.)*[A-Z]\w*(?:Error|Exception|Warning|Interrupt)\b.*)$/m;

/** The failure in a message, in a line; null for any other message. */
export function unhandledError(message: Message): string | null {
  if (message.header.msg_type !== "stream") return null;
  const { metadata, content } = message;
  if (metadata.late_failure === true) return [metadata.ename, metadata.evalue].filter(Boolean).join(": ");
  if (content.name !== "stderr") return null;
  return unhandledErrorInText(String(content.text));
}

export function unhandledErrorInText(text: string): string | null {
  for (const mark of marks) {
    const found = mark.exec(text);
    if (!found) continue;
    const rest = text.slice(found.index + found[0].length);
    return errorLine.exec(rest)?.[1] ?? (rest.trim().split("\n")[0] || found[0]);
  }
  return null;
}
