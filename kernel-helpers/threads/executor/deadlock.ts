import { AsyncResource } from "node:async_hooks";
import { pauseClock } from "../../inspector";
import { type LoopCall, loopCalls } from "../loop/calls";
import { DeadlockError } from "../task/errors";
import { type Holder, type Waitable, type Waiter, whoAwaits } from "../task/waiting";

/**
 * The search for what waits for ever. A thread waits without a limit of time for a function on the loop; that
 * function awaits something that is held up: a queued task, a place of a limiter, the end of an executor; and
 * those who hold it up wait in the same way, round to the thread. Only then is the waiting refused. Work that
 * nobody awaits goes on, and so does what a timeout, a signal, or a timer of the function itself may end.
 */

/**
 * `Promise.race` leaves no trace of what else it waits for, and that may have begun outside of the function. While
 * timers or requests are open in the process, nothing is refused before it has been stuck for so many milliseconds.
 */
const patience = 1000;

/** They wake nobody by themselves. */
const passive =
  /^(MessagePort|Worker|Immediate|TTYWrap|PipeWrap|ProcessWrap|SignalWrap|FSEventWrap|.*ServerWrap)$/;

/** Calls whose functions have begun to wait for something that may be held up. */
const suspects = new Set<LoopCall>();

/** Milliseconds from one look to the next: a thread may begin to wait a little after its call has arrived. */
const firstPause = 10;
const longestPause = 320;
let pause = firstPause;
let isLookDue = false;

/** Of so many things that one function awaits together: the first to be held up for ever is enough. */
const mostWaits = 100;

/** The search itself is no part of what it looks at. */
const outside = new AsyncResource("Task");

/** To be called where somebody starts to wait: notes it for the call to the loop in which that happens. */
export function noteWait(waitable: Waitable, waiter: Waiter): void {
  const call = loopCalls.getStore();
  if (!call) return;
  call.waits.set(waiter, waitable);
  suspects.add(call);
  pause = firstPause;
  outside.runInAsyncScope(lookLater, undefined);
}

/** The same for the end of an async function that is awaited under a name (`awaitAs`). */
export function noteAwait(name: string, waiter: Waiter): void {
  noteWait({ waiters: [waiter], isOver: false, heldBy: () => ({ need: "one", holders: [name] }) }, waiter);
}

function lookLater(): void {
  if (isLookDue) return;
  isLookDue = true;
  setTimeout(look, pause).unref();
}

async function look(): Promise<void> {
  for (const call of suspects) if (isOver(call)) suspects.delete(call);
  // Who is held by a debugger goes on one day.
  const refused = !pauseClock()?.isPaused && isAnyBlocked() && (await new Search(suspects).refuseOne());
  isLookDue = false;
  pause = refused ? 0 : Math.min(longestPause, Math.max(firstPause, pause * 2));
  if (suspects.size > 0) lookLater();
}

function isOver(call: LoopCall): boolean {
  for (const [waiter, waitable] of call.waits) if (waitable.isOver) call.waits.delete(waiter);
  return call.isOver || call.waits.size === 0;
}

/** Without a thread that waits there is nothing to look for. */
function isAnyBlocked(): boolean {
  for (const { task, name } of suspects) if (task?.heldBy()?.holders.includes(name)) return true;
  return false;
}

/** One look at what waits for what at this moment. */
class Search {
  readonly #calls = new Map<string, LoopCall>();
  readonly #waitables = new Set<Waitable>();
  /** The async functions that await each of them, by the one who waits. */
  readonly #awaitedBy = new Map<Waiter, Set<string>>();
  readonly #stuck: Set<Waitable>;

  constructor(suspects: Iterable<LoopCall>) {
    for (const call of suspects) {
      this.#calls.set(call.name, call);
      if (call.task) this.#waitables.add(call.task);
      for (const waitable of [...call.waits.values()].slice(0, mostWaits)) this.#waitables.add(waitable);
    }
    for (const each of this.#waitables) {
      for (const holder of each.heldBy()?.holders ?? []) {
        if (typeof holder !== "string") this.#waitables.add(holder);
      }
    }
    this.#stuck = new Set(this.#waitables);
  }

  /** Refuses the waiting of one that waits for ever; true if there was one. */
  async refuseOne(): Promise<boolean> {
    await this.#ask();
    this.#dropWhatGoesOn();
    const now = performance.now();
    const isQuiet = process.getActiveResourcesInfo().every((type) => passive.test(type));
    for (const call of this.#calls.values()) {
      call.stuckSince = this.#waitsForEver(call.name) ? (call.stuckSince ?? now) : undefined;
    }
    for (const { name, stuckSince } of this.#calls.values()) {
      if (stuckSince === undefined || (!isQuiet && now - stuckSince < patience)) continue;
      if (this.#refuse(name)) return true;
    }
    return false;
  }

  /** Refuses what the async function of that name awaits, or what is awaited by the function that it awaits. */
  #refuse(name: string): boolean {
    for (const { waits } of this.#calls.values()) {
      for (const [waiter, waitable] of waits) {
        if (!this.#stuck.has(waitable) || !this.#awaitedBy.get(waiter)?.has(name)) continue;
        const { refusal } = waitable;
        if (!refusal) return waitable.heldBy()!.holders.some((holder) => this.#refuse(String(holder)));
        refusal.refuse(waiter, new DeadlockError(refusal.inWords()));
        return true;
      }
    }
    return false;
  }

  async #ask(): Promise<void> {
    const waiters = [...this.#waitables].flatMap((each) => (each.heldBy() ? [...each.waiters] : []));
    const ask = async (waiter: Waiter) => {
      this.#awaitedBy.set(waiter, new Set(await whoAwaits(waiter)));
    };
    await Promise.all(waiters.map(ask));
  }

  /** Of all that could be stuck, what can go on drops out, one after the other. */
  #dropWhatGoesOn(): void {
    for (let size = -1; size !== this.#stuck.size; ) {
      size = this.#stuck.size;
      for (const each of this.#stuck) if (!this.#isHeldUp(each)) this.#stuck.delete(each);
    }
  }

  #isHeldUp(waitable: Waitable): boolean {
    const held = waitable.heldBy();
    if (!held || held.holders.length === 0) return false;
    const isStuck = (holder: Holder) =>
      typeof holder === "string" ? this.#waitsForEver(holder) : this.#stuck.has(holder);
    return held.need === "all" ? held.holders.every(isStuck) : held.holders.some(isStuck);
  }

  /** Does the async function of that name await something that is stuck, and nothing of its own can wake it? */
  #waitsForEver(name: string): boolean {
    if (this.#calls.get(name)?.resources.isEmpty === false) return false;
    for (const each of this.#stuck) {
      for (const waiter of each.waiters) if (this.#awaitedBy.get(waiter)?.has(name)) return true;
    }
    return false;
  }
}
