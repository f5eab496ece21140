/** The event loop's delay, its blocks, and the timeline of who ran where. */

export type { ChromeTrace, ChromeTraceEvent } from "./chrome-trace";
export { toChromeTrace } from "./chrome-trace";
export type { BlockFrame } from "./frames";
export type { LoopBlock, LoopMonitorOptions, LoopReport } from "./loop-monitor";
export { LoopMonitor, timeLoopBlocking } from "./loop-monitor";
export type { EventKind } from "./recorder";
export { sleepSync } from "./sleep";
export type { TimelineEvent, TimelineItem, TimelineTask } from "./tasks";
export type {
  RecordOptions,
  TimelineData,
  TimelineMark,
  TimelineOptions,
  TimelinePause,
} from "./timeline";
export { Timeline } from "./timeline";
export { type CallTree, callTree } from "./trace/call-tree";
export type { PoolThread, PoolWork } from "./trace/pool-work";
export type { CpuProfileOptions, ProfileNode, ThreadProfile } from "./trace/profiler";
export type { Collection, TimelineTrace, TraceCost } from "./trace/tracer";
export type { Wait } from "./waits";
export { waitsOf } from "./waits";
export type { BlockReport, LoopWatcher, WatchOptions } from "./watch-loop";
export { watchLoop } from "./watch-loop";
