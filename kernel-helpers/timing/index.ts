/** The event loop's delay, its blocks, and the timeline of who ran where. */
export { sleepSync } from "./sleep";
