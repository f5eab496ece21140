import { isMainThread } from "node:worker_threads";
import { Deadline } from "../../inspector";
import { DeadlockError, longestTimer } from "../task/errors";
import { checkCancelled, recordHere, workerContext } from "../worker/worker-context";

/** Waiting for shared memory, for `Lock`, `Semaphore` and `Event`: the first word is what is waited for. */

export interface Waiting {
  readonly words: Int32Array;
  /** Takes what is waited for, if it is there. */
  attempt(): boolean;
  /** Counts those who have waited long, where they go first. */
  readonly patient?: number;
}

/**
 * The longest sleep, in ms. A thread that is terminated between being woken and taking what it was woken for takes
 * the wake-up with it, and a cancelled task is told by other memory: so those who sleep look for themselves.
 */
const longestSleep = 50;

/** After so many ms a waiter has been patient: those who come now let it go first. */
const patientAfter = 1;

/** Blocks this thread until `attempt` succeeds; false when `ms` have passed. Throws CancelledError. */
export function waitBlocking(waiting: Waiting, ms: number, call: string): boolean {
  const yields = somebodyIsPatient(waiting);
  if (!yields && waiting.attempt()) return true;
  if (ms === 0) return false;
  refuseOnLoop(call);
  const { words } = waiting;
  const deadline = new Deadline(ms);
  const start = performance.now();
  let counted = false;
  recordHere("blocked");
  try {
    if (yields) Atomics.wait(nothing, 0, 0, Math.min(ms, patientAfter));
    for (;;) {
      const seen = Atomics.load(words, 0);
      if (waiting.attempt()) return true;
      checkCancelled();
      if (deadline.leftMs <= 0) return false;
      if (!counted && performance.now() - start >= patientAfter) counted = countPatient(waiting, 1);
      Atomics.wait(words, 0, seen, Math.min(deadline.sleepMs, counted ? longestSleep : patientAfter));
    }
  } finally {
    if (counted) countPatient(waiting, -1);
    recordHere("resumed");
  }
}

/** Resolves when `attempt` succeeds; rejects with the signal's reason. Holds the event loop meanwhile. */
export async function waitAwaiting(waiting: Waiting, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const yields = somebodyIsPatient(waiting);
  if (!yields && waiting.attempt()) return;
  const { words } = waiting;
  const start = performance.now();
  let counted = false;
  // Node ends a program that waits for Atomics.waitAsync alone.
  const hold = setInterval(() => {}, longestTimer);
  try {
    if (yields) await waitAsync(nothing, 0, patientAfter);
    for (;;) {
      signal?.throwIfAborted();
      const seen = Atomics.load(words, 0);
      if (waiting.attempt()) return;
      if (!counted && performance.now() - start >= patientAfter) counted = countPatient(waiting, 1);
      const woken = waitAsync(words, seen, counted ? longestSleep : patientAfter);
      if (woken) await orAborted(woken, signal, words);
    }
  } finally {
    clearInterval(hold);
    if (counted) countPatient(waiting, -1);
  }
}

/** Nobody changes it: to sleep a while. */
const nothing = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Who comes now lets those who have waited long go first. */
function somebodyIsPatient({ words, patient }: Waiting): boolean {
  return patient !== undefined && Atomics.load(words, patient) > 0;
}

/** A thread that was terminated while it waited stays counted: who comes then sleeps a millisecond in vain. */
function countPatient({ words, patient }: Waiting, change: 1 | -1): boolean {
  if (patient !== undefined) Atomics.add(words, patient, change);
  return true;
}

interface WaitAsync {
  waitAsync(words: Int32Array, index: number, value: number, ms: number): { async: boolean; value: unknown };
}

/** Undefined when the word has changed already. Not in the library of ES2023. */
function waitAsync(words: Int32Array, seen: number, ms: number): Promise<string> | undefined {
  const { async, value } = (Atomics as unknown as WaitAsync).waitAsync(words, 0, seen, ms);
  return async ? (value as Promise<string>) : undefined;
}

/** A wait cannot be taken back: the wake-up that it still gets is passed on. */
function orAborted(
  woken: Promise<string>,
  signal: AbortSignal | undefined,
  words: Int32Array,
): Promise<unknown> {
  if (!signal) return woken;
  return new Promise((resolve, reject) => {
    const abort = () => {
      void woken.then((how) => how === "ok" && Atomics.notify(words, 0, 1));
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    void woken.then((how) => {
      signal.removeEventListener("abort", abort);
      resolve(how);
    });
  });
}

function refuseOnLoop(call: string): void {
  const context = workerContext();
  if (context ? !context.loopWaits : !isMainThread) return;
  throw new DeadlockError(
    `${call} would block the event loop. Await ${call.replace(/\(.*/, "Async()")} here; ${call} is for worker threads.`,
  );
}
