/**
 * The part of this room that needs nothing of Node.js, so that it also runs in a browser: runs the cells of a notebook in
 * a kernel that somebody else has started, and judges them as `nb run` does.
 */
export { KernelDiedError, KernelTimeoutError } from "../kernel-client/browser";
export { parseNotebook } from "../nbformat/browser";
export { isFine, notebookStatus } from "./cell-result";
export { differenceFrom } from "./differences";
export { cellWithBadTags, defaultTimeoutMs, plan, type Step, steps } from "./plan";
export { Session } from "./session";
export type { SessionKernel } from "./session-kernel";
export type { CellResult, Failure } from "./types";
