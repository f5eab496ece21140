/**
 * `kernel-helpers`: worker threads bridged to the event loop, and the means to see them at work.
 * Cells import everything by this one name.
 */

export * from "./plots";
export * from "./threads";
export * from "./timing";
