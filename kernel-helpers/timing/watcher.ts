import { writeSync } from "node:fs";
import { Session } from "node:inspector";
import { workerData } from "node:worker_threads";
import { RawFrame, readableFrames, where } from "./frames";
import { now } from "./recorder";
import { SharedWatch, WatcherData } from "./watch-protocol";

/**
 * The watcher's thread. It sleeps; when the loop has not turned for a while it knocks, and when the knock
 * stays unanswered it pauses the main thread for a moment through the inspector, reads the stack and lets
 * the thread go on.
 */
const { shared, threshold, log, port } = workerData as WatcherData;
const watch = new SharedWatch(shared);
const session = new Session();
const scripts = new Map<string, string>();
const lookEvery = Math.min(10, Math.max(2, threshold / 8));
let knocked = 0;

interface CallFrame {
  functionName: string;
  location: { scriptId: string; lineNumber: number; columnNumber?: number };
}

/** Sleeps until the loop is late, then asks for its stack; `onPaused` goes on from there. */
function watchUntilLate(): void {
  while (!isLate()) watch.sleep(lookEvery);
  session.post("Debugger.pause");
}

function isLate(): boolean {
  const { beat } = watch;
  const time = now();
  if (knocked <= beat && time - beat >= threshold / 4) {
    knocked = time;
    port.postMessage("knock");
  }
  return knocked > beat && time - knocked >= (threshold * 3) / 4;
}

function onPaused({ params }: { params: { callFrames: CallFrame[] } }): void {
  session.post("Debugger.resume");
  // Once the loop has turned, this is the stack of something else.
  if (watch.beat < knocked) report(params.callFrames.map(rawFrame));
  waitForTurn();
}

function report(frames: RawFrame[]): void {
  const readable = readableFrames(frames);
  // Nothing of the reader's runs: the machine let the loop's thread wait.
  if (readable.length === 0) return;
  port.postMessage({ time: now(), frames });
  watch.countSighting();
  if (log) writeSync(2, `blocked for at least ${Math.round(now() - knocked)} ms at ${where(readable)}\n`);
}

/** Each block is looked at once. */
function waitForTurn(): void {
  if (watch.beat < knocked) setTimeout(waitForTurn, lookEvery);
  else watchUntilLate();
}

function rawFrame({ functionName, location }: CallFrame): RawFrame {
  const { scriptId, lineNumber, columnNumber = 0 } = location;
  return { name: functionName, url: scripts.get(scriptId) ?? "", line: lineNumber, column: columnNumber };
}

// Waiting for the inspector's answers alone would let this thread end.
setInterval(() => {}, 60_000);
session.connectToMainThread();
session.on("Debugger.scriptParsed", ({ params }) => scripts.set(params.scriptId, params.url));
session.on("Debugger.paused", onPaused as never);
session.post("Debugger.enable", () => {
  port.postMessage("ready");
  watchUntilLate();
});
