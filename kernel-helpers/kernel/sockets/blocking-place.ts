/** Where the main thread is while it blocks its event loop: read through the inspector, once, and only if asked. */

import type { Session } from "node:inspector";

export interface BlockingPlace {
  /** The innermost function of a cell on the stack; "" for the cell's own code. */
  function: string;
  /** How people call the cell: `cell 3`; or the path of a `.ts` file relative to the notebook. */
  cell: string;
  /** From 1. */
  line: number;
}

interface CallFrame {
  functionName: string;
  location: { scriptId: string; lineNumber: number; columnNumber?: number };
}

/** Runs in the main thread, which alone knows the way from a compiled position to the reader's. */
function firstOfReader(frames: { name: string; url: string; line: number; column: number }[]) {
  const holder = globalThis as { [key: symbol]: unknown };
  const cells = holder[Symbol.for("kernel-helpers.cells")] as import("../session/cell-scripts").CellScripts;
  for (const { name, url, line, column } of frames) {
    const cell = cells.get(url);
    const origin = cell?.origin(line + 1, column + 1);
    if (cell && origin) return { function: name, cell: cell.label, line: origin.line };
  }
  return undefined;
}

function ask(session: Session, frames: object[], found: (place: BlockingPlace) => void) {
  const expression = `(${firstOfReader})(${JSON.stringify(frames)})`;
  session.post("Runtime.evaluate", { expression, returnByValue: true }, (_, answer) => {
    const place = answer?.result?.value as BlockingPlace | undefined;
    if (place) found(place);
  });
}

/**
 * Pauses the main thread for some ms, if it runs JavaScript: a wait in Node or in a child process has no place.
 * Returns what ends the search; a main thread that has gone on meanwhile is not held.
 */
export function findBlockingPlace(found: (place: BlockingPlace) => void): () => void {
  const { Session } = require("node:inspector") as typeof import("node:inspector");
  const session = new Session();
  const urls = new Map<string, string>();
  session.connectToMainThread();
  session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
  session.once("Debugger.paused", ({ params }) => {
    const frames = (params.callFrames as CallFrame[]).map(({ functionName, location }) => ({
      name: functionName,
      url: urls.get(location.scriptId) ?? "",
      line: location.lineNumber,
      column: location.columnNumber ?? 0,
    }));
    ask(session, frames, found);
    session.post("Debugger.resume", () => session.disconnect());
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause");
  return () => session.disconnect();
}
