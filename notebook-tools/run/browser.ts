/**
 * The part of this room that needs nothing of Node.js, so that it also runs in a browser: runs the cells of a notebook in
 * a kernel that somebody else has started, and judges them as `nb run` does.
 */
export {
  type ExecuteOutcome,
  KernelDiedError,
  KernelTimeoutError,
  type Message,
} from "../kernel-client/browser";
export type { Cell, CodeCell, Output } from "../nbformat/browser";
export { differenceFrom } from "./differences";
export { badTags, defaultTimeoutMs, plan, type Step, steps } from "./plan";
export type { Folders } from "./relative";
export { Session } from "./session";
export type { SessionKernel } from "./session-kernel";
export type { CellResult } from "./types";
