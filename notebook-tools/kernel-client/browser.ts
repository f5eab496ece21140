/** The part of this room that needs nothing of Node.js, so that it also runs in a browser. */
export { KernelDiedError, KernelTimeoutError } from "./errors";
export type { ExecuteOutcome, KernelExit, KernelInfo, Message } from "./messages";
