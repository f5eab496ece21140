import type { InspectorSession } from "./session";

/** A function on the stack of a thread; lines and columns count from 0, as in the inspector's protocol. */
export interface StackFrame {
  /** "" for a function without a name. */
  name: string;
  /** As stack traces name it: a path, a URL, or what a script was given as its file name; "" for none. */
  file: string;
  line: number;
  column: number;
}

/** How many frames are read. */
const depth = 100;

/** Runs in the thread that is asked, amid what runs there: nothing is paused. */
function ownStack(limit: number): unknown {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = limit;
    Error.prepareStackTrace = (_, sites) =>
      sites.flatMap((site) => {
        const line = site.getLineNumber();
        // V8's own functions stand in no line.
        if (line === null) return [];
        const file = site.getScriptNameOrSourceURL() || "";
        return {
          name: site.getFunctionName() ?? "",
          file,
          line: line - 1,
          column: site.getColumnNumber()! - 1,
        };
      });
    Error.captureStackTrace(holder);
    return holder.stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/**
 * What a thread is computing, innermost first; empty while it waits in its event loop, and while Node itself does
 * work there (delivers a message, looks after its timers) that has not come to any code of the reader's. The
 * inspector interrupts the running JavaScript for this question only, so that no breakpoint or pause of anyone
 * else is touched. A thread that waits in Node itself or for a child process answers when that is over.
 */
export async function readStack(session: InspectorSession): Promise<StackFrame[]> {
  const { result } = await session.post("Runtime.evaluate", {
    expression: `(${ownStack})(${depth})`,
    returnByValue: true,
    silent: true,
    disableBreaks: true,
  });
  if (!Array.isArray(result.value)) return [];
  // The first two are the question's own.
  const frames = (result.value as StackFrame[]).slice(2);
  return frames.every(({ file }) => file.startsWith("node:")) ? [] : frames;
}
