import { isMainThread, threadId } from "node:worker_threads";
import { endMark, startMark } from "./trace/thread-marks";

/**
 * Where every thread leaves its events. `threads/` calls this on both sides; `Timeline` reads it.
 *
 * One ring of fixed-size records in shared memory. A writer takes a place with `Atomics.add`, fills it
 * and stamps it last, so threads never wait for one another and a reader skips a record that is still
 * being written. When the ring is full the oldest events are overwritten, and `readEvents` says how many.
 */
const eventKinds = [
  "queued",
  "started",
  "blocked",
  "resumed",
  "awaiting",
  "done",
  "failed",
  "stopped",
  "died",
  "put",
  "taken",
] as const;
/**
 * What happened: to a task, from `queued` to one of `done`, `failed`, `stopped` and `died`; to its thread, `blocked`
 * and `resumed`; on the loop, `awaiting`; to an item of a queue, `put` and `taken`.
 */
export type EventKind = (typeof eventKinds)[number];

/** One event as it lies in the ring; `time` in ms on the clock of `now`. */
export interface RingEvent {
  time: number;
  kind: EventKind;
  task: number;
  thread: number;
}

// Header words: how many events were ever written, the capacity, how many task ids were given, how many recordings trace.
const written = 0;
const capacityWord = 1;
const tasksGiven = 2;
const tracing = 3;
const headerWords = 4;
// A record is 6 words: stamp (its number + 1, stored last), task, kind, thread, and the time (float64).
const recordWords = 6;
const timeWord = 4;
const kindCodes = Object.fromEntries(eventKinds.map((kind, code) => [kind, code])) as Record<
  EventKind,
  number
>;

interface Ring {
  shared: SharedArrayBuffer;
  words: Uint32Array;
  times: Float64Array;
  capacity: number;
}

let ring: Ring | undefined;
let recordings = 0;
const taskNames = new Map<number, string>();
/** For a function that the loop runs for a thread: its call, with the task that made it. */
const calls = new Map<number, RecordedCall>();
/** In a worker: the task that runs here, which a sleep or a wait blocks. */
let taskHere = 0;
const threadNames = new Map<number, string>([[0, "event loop"]]);

/** Milliseconds on one clock that all threads of the process share (`process.hrtime`, monotonic). */
export function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

function attach(shared: SharedArrayBuffer): Ring {
  const words = new Uint32Array(shared);
  return { shared, words, times: new Float64Array(shared), capacity: words[capacityWord]! };
}

function newRing(capacity: number): Ring {
  const shared = new SharedArrayBuffer((headerWords + capacity * recordWords) * 4);
  new Uint32Array(shared)[capacityWord] = capacity;
  return attach(shared);
}

/**
 * Starts recording on the loop thread. Recordings may overlap: they share the ring, which the last
 * `stopRecording` lets go. Returns the ring and the number of the next event.
 */
export function startRecording(capacity: number): { shared: SharedArrayBuffer; from: number } {
  if (recordings++ === 0 || !ring) {
    ring = newRing(capacity);
    taskNames.clear();
    calls.clear();
  }
  return { shared: ring.shared, from: Atomics.load(ring.words, written) };
}

/** Ends one recording; tasks on their way keep the ring and may still write to it, unread. */
export function stopRecording(): void {
  if (recordings > 0 && --recordings === 0) ring = undefined;
}

/** While one recording traces, threads leave marks of their tasks in Node's own trace; `change` is 1 or -1. */
export function countTracing(shared: SharedArrayBuffer, change: 1 | -1): void {
  Atomics.add(new Uint32Array(shared, 0, headerWords), tracing, change);
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
  const task = Atomics.add(ring.words, tasksGiven, 1) + 1;
  taskNames.set(task, name);
  recordEvent("queued", task);
  return task;
}

/** A call from a thread to the loop, as a recording knows it: its id, and that of the task that made it. */
export interface RecordedCall {
  id: number;
  caller: number;
  /** By `callSoonThreadsafe`: nobody waits for an answer. */
  soon: boolean;
}

/** In a worker: notes a call to the loop as queued; undefined while nothing records. */
export function recordCall(soon: boolean): RecordedCall | undefined {
  if (!ring || taskHere === 0) return undefined;
  const id = Atomics.add(ring.words, tasksGiven, 1) + 1;
  recordEvent("queued", id);
  return { id, caller: taskHere, soon };
}

/** What an item of a queue is sent as while a recording traces; its taker finds the number and takes it off. */
interface RecordedItem {
  "kernel-helpers.item": number;
  value: unknown;
}

/**
 * Numbers an item for its way through a queue, while a recording traces; `recordPut` says that it is in. An item of
 * the reader's that looks as if it had a number gets one in any case, 0: so the taker takes off ours alone.
 */
export function numberItem(value: unknown): unknown {
  const traced = ring && Atomics.load(ring.words, tracing) > 0;
  if (!traced && !isRecorded(value)) return value;
  const id = traced ? Atomics.add(ring!.words, tasksGiven, 1) + 1 : 0;
  return { "kernel-helpers.item": id, value } satisfies RecordedItem;
}

/** Notes that an item is in its queue; does nothing for one without a number. */
export function recordPut(item: unknown): void {
  if (isRecorded(item)) recordEvent("put", item["kernel-helpers.item"]);
}

/** Notes that an item has left its queue, and gives what was put. */
export function recordTaken(item: unknown): unknown {
  if (!isRecorded(item)) return item;
  recordEvent("taken", item["kernel-helpers.item"]);
  return item.value;
}

function isRecorded(item: unknown): item is RecordedItem {
  return typeof item === "object" && item !== null && "kernel-helpers.item" in item;
}

/** On the loop thread: runs what a worker called, under its name. */
export function recordCalled<T>(call: RecordedCall | undefined, name: string, run: () => T): T {
  if (!ring || !call) return run();
  taskNames.set(call.id, name);
  calls.set(call.id, call);
  return recordRun(call.id, run);
}

/** On the loop thread: runs `run` as this task, noting when it only waits for its promise, and its end. */
export function recordRun<T>(task: number, run: () => T): T {
  recordEvent("started", task);
  try {
    const value = run();
    if (typeof (value as PromiseLike<unknown> | null)?.then === "function") return recordAwait(task, value);
    recordEvent("done", task);
    return value;
  } catch (error) {
    recordEvent("failed", task);
    throw error;
  }
}

/** How a thread called this task, or undefined for what nobody called. */
export function callOf(task: number): RecordedCall | undefined {
  return calls.get(task);
}

/** In a worker: the task that runs here is blocked in `wait`, which the chart shows. On the loop thread it is the loop. */
export function recordBlocked<T>(wait: () => T): T {
  if (isMainThread || taskHere === 0) return wait();
  recordEvent("blocked", taskHere);
  try {
    return wait();
  } finally {
    recordEvent("resumed", taskHere);
  }
}

/** `then` is called once: some queries run anew at each call of it. */
function recordAwait<T>(task: number, value: T): T {
  recordEvent("awaiting", task);
  const promise = Promise.resolve(value);
  promise.then(
    () => recordEvent("done", task),
    () => recordEvent("failed", task),
  );
  return promise as T;
}

/** Records an event of this thread; does nothing for task 0 or while nothing records. */
export function recordEvent(kind: EventKind, task: number): void {
  if (ring === undefined || task === 0) return;
  if (!isMainThread) {
    if (kind === "started") taskHere = task;
    else if (kind === "done" || kind === "failed") taskHere = 0;
  }
  const { words } = ring;
  if (!isMainThread && kind === "started" && Atomics.load(words, tracing) > 0) startMark(threadId, task);
  else if (!isMainThread && (kind === "done" || kind === "failed")) endMark(threadId, task);
  const number = Atomics.add(words, written, 1);
  const at = headerWords + (number % ring.capacity) * recordWords;
  words[at] = 0;
  words[at + 1] = task;
  words[at + 2] = kindCodes[kind];
  words[at + 3] = threadId;
  ring.times[(at + timeWord) >> 1] = now();
  Atomics.store(words, at, number + 1);
}

/** Gives a thread the name that charts show. */
export function nameThread(id: number, name: string): void {
  threadNames.set(id, name);
}

/** Whether this package has named a thread. */
export function isNamed(id: number): boolean {
  return threadNames.has(id);
}

/** The name of a thread: as given, or by its number. */
export function threadName(id: number): string {
  return threadNames.get(id) ?? `thread ${id}`;
}

/** The name of a task that was queued while something recorded, or by its number. */
export function taskName(task: number): string {
  return taskNames.get(task) ?? `task ${task}`;
}

/** How many events were ever written to a ring: the same number means the same events. */
export function countWritten(shared: SharedArrayBuffer): number {
  return Atomics.load(new Uint32Array(shared, 0, headerWords), written);
}

/** The events from number `from` on, in order of time, and how many of them were overwritten. */
export function readEvents(shared: SharedArrayBuffer, from: number): { events: RingEvent[]; lost: number } {
  const source = attach(shared);
  const end = Atomics.load(source.words, written);
  const first = Math.max(from, end - source.capacity);
  const events: RingEvent[] = [];
  for (let number = first; number < end; number++) {
    const event = readRecord(source, number);
    if (event) events.push(event);
  }
  events.sort((a, b) => a.time - b.time);
  return { events, lost: first - from };
}

/** Reads a record, or nothing where its writer is not done or a later one has taken its place. */
function readRecord({ words, times, capacity }: Ring, number: number): RingEvent | undefined {
  const at = headerWords + (number % capacity) * recordWords;
  if (Atomics.load(words, at) !== number + 1) return undefined;
  const event = {
    time: times[(at + timeWord) >> 1]!,
    kind: eventKinds[words[at + 2]!]!,
    task: words[at + 1]!,
    thread: words[at + 3]!,
  };
  return Atomics.load(words, at) === number + 1 ? event : undefined;
}
