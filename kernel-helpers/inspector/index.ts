/**
 * The one owner of Node's inspector in this package, a leaf: sessions within the process, without a port. A session
 * that pauses a thread is the one that resumes it; whoever only wants to know where a thread is asks `readStack`.
 */
export {
  afterUnpaused,
  Deadline,
  msWithin,
  outside,
  PauseClock,
  partsAround,
  pauseClock,
  type Span,
  type ThreadPause,
} from "./pauses";
export {
  InspectorError,
  type InspectorSession,
  MainThreadSession,
  OwnThreadSession,
  type Params,
} from "./session";
export { readStack, type StackFrame } from "./stack";
export { attachWorkers, type WorkerSession } from "./workers";
