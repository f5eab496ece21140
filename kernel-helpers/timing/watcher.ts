import { writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { workerData } from "node:worker_threads";
import { MainThreadSession, pauseClock, readStack, type StackFrame } from "../inspector";
import { readableFrames, where } from "./frames";
import { now } from "./recorder";
import { SharedWatch, WatcherData } from "./watch-protocol";

/**
 * The watcher's thread. It sleeps; when the loop has not turned for a while it knocks, and when the knock
 * stays unanswered it reads the main thread's stack through the inspector.
 */
const { shared, threshold, log, port } = workerData as WatcherData;
const watch = new SharedWatch(shared);
const session = new MainThreadSession();
const lookEvery = Math.min(10, Math.max(2, threshold / 8));
let knocked = 0;
/** How long a debugger had held threads by then, in ms. */
let pausedBefore = 0;

/** Looks at each block once. */
async function watchForEver(): Promise<never> {
  for (;;) {
    while (!isLate()) watch.sleep(lookEvery);
    const frames = await readStack(session);
    // Once the loop has turned, this is the stack of something else.
    if (watch.beat < knocked) report(frames);
    // At least once: Node aborts when this thread is ended while it sleeps within an answer of the inspector.
    do await delay(lookEvery);
    while (watch.beat < knocked);
  }
}

function isLate(): boolean {
  const { beat } = watch;
  const time = now();
  const paused = pauseClock()?.pausedMs ?? 0;
  if (knocked <= beat && time - beat >= threshold / 4) {
    knocked = time;
    pausedBefore = paused;
    port.postMessage("knock");
  }
  return knocked > beat && time - knocked - (paused - pausedBefore) >= (threshold * 3) / 4;
}

function report(frames: StackFrame[]): void {
  const readable = readableFrames(frames);
  // Nothing of the reader's runs: the machine let the loop's thread wait.
  if (readable.length === 0) return;
  port.postMessage({ time: now(), frames });
  watch.countSighting();
  if (log) writeSync(2, `blocked for at least ${Math.round(now() - knocked)} ms at ${where(readable)}\n`);
}

// Waiting for the inspector's answers alone would let this thread end.
setInterval(() => {}, 60_000);
port.postMessage("ready");
void watchForEver();
