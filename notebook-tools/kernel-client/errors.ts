/** How a kernel can fail its client, each in one sentence with the way out. */
import type { KernelExit } from "./messages";

/** No kernelspec of that name, or an unreadable one. */
export class KernelspecError extends Error {
  override name = "KernelspecError";
}

/** The kernel did not come up. */
export class KernelStartError extends Error {
  override name = "KernelStartError";
}

/** The kernel's process ended while something was asked of it. */
export class KernelDiedError extends Error {
  override name = "KernelDiedError";
  constructor(readonly exit: KernelExit) {
    super(`The kernel died: ${exit.reason}.`);
  }
}

/** No answer within the time allowed. */
export class KernelTimeoutError extends Error {
  override name = "KernelTimeoutError";
}
