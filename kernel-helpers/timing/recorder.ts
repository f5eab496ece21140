import { threadId } from "node:worker_threads";

/**
 * Where every thread leaves its events. `threads/` calls this on both sides; `Timeline` reads it.
 *
 * One ring of fixed-size records in shared memory: a 4-word header (count of events ever written,
 * capacity) and 16 bytes an event: time (float64, ms on the clock shared by all threads), task id
 * (uint32), kind (uint16) and thread id (uint16). Writers take a place with `Atomics.add`, so threads
 * never wait for one another; when the ring is full the oldest events are overwritten.
 */
export const eventKinds = ["queued", "started", "blocked", "resumed", "done"] as const;
export type EventKind = (typeof eventKinds)[number];

const headerBytes = 16;
const recordBytes = 16;

interface Ring {
  shared: SharedArrayBuffer;
  header: Uint32Array;
  view: DataView;
  capacity: number;
}

let ring: Ring | undefined;
let lastTask = 0;
const taskNames = new Map<number, string>();
const threadNames = new Map<number, string>([[0, "event loop"]]);

/** Milliseconds on one clock that all threads of the process share (`process.hrtime`, monotonic). */
export function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

function attach(shared: SharedArrayBuffer): Ring {
  const header = new Uint32Array(shared, 0, 4);
  return { shared, header, view: new DataView(shared, headerBytes), capacity: header[1]! };
}

/** Starts recording into a new ring; on the loop thread, called by `Timeline`. */
export function startRecording(capacity = 1 << 16): void {
  const shared = new SharedArrayBuffer(headerBytes + capacity * recordBytes);
  new Uint32Array(shared, 0, 4)[1] = capacity;
  ring = attach(shared);
  taskNames.clear();
}

export function stopRecording(): void {
  ring = undefined;
}

/** The ring to send along with a task, or undefined while nothing records. */
export function sharedRing(): SharedArrayBuffer | undefined {
  return ring?.shared;
}

/** In a worker: record into the ring that came with the task (undefined: record nothing). */
export function useRing(shared: SharedArrayBuffer | undefined): void {
  if (shared === ring?.shared) return;
  ring = shared && attach(shared);
}

/** On the loop thread: notes a task as queued and gives its id, or 0 while nothing records. */
export function recordTask(name: string): number {
  if (!ring) return 0;
  const task = ++lastTask;
  taskNames.set(task, name);
  recordEvent("queued", task);
  return task;
}

/** Records an event of this thread; does nothing for task 0 or while nothing records. */
export function recordEvent(kind: EventKind, task: number): void {
  if (!ring || task === 0) return;
  const at = (Atomics.add(ring.header, 0, 1) % ring.capacity) * recordBytes;
  ring.view.setFloat64(at, now());
  ring.view.setUint32(at + 8, task);
  ring.view.setUint16(at + 12, eventKinds.indexOf(kind));
  ring.view.setUint16(at + 14, threadId);
}

/** Gives a thread the name that charts show. */
export function nameThread(id: number, name: string): void {
  threadNames.set(id, name);
}
