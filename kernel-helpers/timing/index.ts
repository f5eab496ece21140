/** The event loop's delay, its blocks, and the timeline of who ran where. */

export type { LoopBlock, LoopMonitorOptions, LoopReport } from "./loop-monitor";
export { LoopMonitor, timeLoopBlocking } from "./loop-monitor";
export type { EventKind } from "./recorder";
export { sleepSync } from "./sleep";
export type {
  TimelineData,
  TimelineEvent,
  TimelineMark,
  TimelineOptions,
  TimelineTask,
} from "./timeline";
export { Timeline } from "./timeline";
