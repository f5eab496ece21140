import {
  AbandonedLock,
  BoundedSemaphore,
  CancelledError,
  DeadlockError,
  Event,
  gather,
  Lock,
  Semaphore,
  startBlockingPortal,
  ThreadPoolExecutor,
  Timeline,
  TimeoutError,
  toThread,
} from "kernel-helpers";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { node } from "../helpers.ts";

let pool: ThreadPoolExecutor;
beforeAll(() => {
  pool = new ThreadPoolExecutor({ maxWorkers: 4, gracePeriod: 30_000 });
});
afterAll(() => pool.shutdown());

const words = (count = 1) => new Int32Array(new SharedArrayBuffer(4 * count));

/** In a thread: adds without Atomics, as only a lock makes right. */
const addOften = (lock: Lock, total: Int32Array, times: number) => {
  for (let i = 0; i < times; i++) {
    using _held = lock.hold();
    const before = total[0]!;
    total[0] = before + 1;
  }
};

/** In a thread: takes the lock, says so, and holds it until it is told to go on. */
const holdUntilTold = (lock: Lock, word: Int32Array) => {
  lock.acquire();
  Atomics.store(word, 0, 1);
  Atomics.notify(word, 0);
  Atomics.wait(word, 0, 1);
  lock.release();
};
const tell = (word: Int32Array) => {
  Atomics.store(word, 0, 2);
  Atomics.notify(word, 0);
};
const told = async (word: Int32Array) => {
  while (Atomics.load(word, 0) === 0) await new Promise(setImmediate);
};

describe("Lock", () => {
  test("four threads and the loop change one number, and no change is lost", async () => {
    const lock = new Lock();
    const total = words();
    const here = async () => {
      for (let i = 0; i < 200; i++) {
        using _held = await lock.holdAsync();
        const before = total[0]!;
        await null;
        total[0] = before + 1;
      }
    };
    const threads = Array.from({ length: 4 }, () => pool.submit(addOften, lock, total, 2000));
    await gather([...threads, here]);
    expect(total[0]).toBe(8200);
    expect(lock.locked()).toBe(false);
  });

  test("nobody starves: the loop gets the lock while threads take it again and again", async () => {
    const lock = new Lock();
    const [stop, taken] = [words(), words()];
    const greedy = (held: Lock, until: Int32Array, count: Int32Array) => {
      while (Atomics.load(until, 0) === 0) {
        held.acquire();
        const end = performance.now() + 0.2;
        while (performance.now() < end);
        Atomics.add(count, 0, 1);
        held.release();
      }
    };
    const threads = [pool.submit(greedy, lock, stop, taken), pool.submit(greedy, lock, stop, taken)];
    for (let i = 0; i < 20; i++) {
      const before = Atomics.load(taken, 0);
      while (Atomics.load(taken, 0) < before + 2) await new Promise(setImmediate);
      await lock.acquireAsync();
      lock.release();
    }
    Atomics.store(stop, 0, 1);
    await gather(threads);
    expect(Atomics.load(taken, 0)).toBeGreaterThanOrEqual(40);
  });

  test("acquire gives false after its time, hold throws TimeoutError", async () => {
    const lock = new Lock();
    await lock.acquireAsync();
    expect(await pool.submit(() => [lock.acquire(0), lock.acquire(5)])).toEqual([false, false]);
    await expect(pool.submit(() => void lock.hold(5))).rejects.toThrow(TimeoutError);
    await expect(lock.acquireAsync({ signal: AbortSignal.timeout(5) })).rejects.toThrow(/timeout/);
    expect([lock.acquire(0), lock.locked()]).toEqual([false, true]);
    lock.release();
    expect(await pool.submit(() => lock.acquire(0))).toBe(true);
    lock.release();
    expect(() => lock.acquire(-1)).toThrow(RangeError);
    expect(() => lock.acquire(Number.NaN)).toThrow(RangeError);
  });

  test("release without an acquire throws, and any thread may release", async () => {
    const lock = new Lock();
    expect(() => lock.release()).toThrow(/nobody holds/);
    await pool.submit(() => lock.acquire());
    lock.release();
    const held = lock.hold();
    held[Symbol.dispose]();
    held[Symbol.dispose]();
    expect(lock.locked()).toBe(false);
  });

  test("on the loop a free lock is taken, and waiting is refused with the way out", async () => {
    const lock = new Lock();
    expect(lock.acquire()).toBe(true);
    lock.release();
    const word = words();
    const holding = pool.submit(holdUntilTold, lock, word);
    await told(word);
    expect(() => lock.acquire()).toThrow(DeadlockError);
    expect(() => lock.acquire(10)).toThrow(/would block the event loop. Await acquireAsync\(\) here/);
    tell(word);
    await holding;
    using portal = startBlockingPortal();
    lock.acquire();
    expect(() => portal.call(() => lock.acquire())).toThrow(/would block the event loop/);
    lock.release();
  });

  test("a thread that holds it and asks again is told, as it is not reentrant", async () => {
    const lock = new Lock();
    const twice = pool.submit(() => {
      using _held = lock.hold();
      return lock.acquire();
    });
    await expect(twice).rejects.toThrow(DeadlockError);
    await expect(twice).rejects.toThrow(/not reentrant/);
    expect(lock.locked()).toBe(false);
  });

  test("cancelling a task ends its wait; an aborted wait takes nothing and keeps no listener", async () => {
    const lock = new Lock();
    await lock.acquireAsync();
    const word = words();
    const waiting = pool.submit(() => {
      Atomics.store(word, 0, 1);
      lock.acquire();
    });
    await told(word);
    waiting.cancel();
    await expect(waiting).rejects.toThrow(CancelledError);
    const controller = new AbortController();
    const aborted = lock.acquireAsync(controller);
    controller.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    await expect(lock.acquireAsync(controller)).rejects.toThrow("enough");
    lock.release();
    expect(lock.locked()).toBe(false);
  });

  test("a thread that is ended while it holds it leaves an error, not a hang, until release", async () => {
    const lock = new Lock();
    const word = words();
    const short = new ThreadPoolExecutor({ maxWorkers: 1, gracePeriod: 1 });
    const dying = short.submit(() => {
      lock.acquire();
      Atomics.store(word, 0, 1);
      for (;;);
    });
    await told(word);
    const waiting = pool.submit(() => void lock.acquire());
    const awaiting = lock.acquireAsync();
    dying.cancel();
    await expect(awaiting).rejects.toThrow(AbandonedLock);
    await expect(waiting).rejects.toThrow(AbandonedLock);
    await expect(waiting).rejects.toThrow(/has ended.*release\(\) sets the lock free/);
    await expect(dying).rejects.toThrow(CancelledError);
    expect(() => lock.acquire()).toThrow(AbandonedLock);
    lock.release();
    expect(await pool.submit(() => lock.acquire())).toBe(true);
    await short.shutdown();
  });

  test("a portal's thread that exits does the same", async () => {
    const lock = new Lock();
    const portal = startBlockingPortal();
    await portal
      .startTaskSoon(async () => {
        await lock.acquireAsync();
        process.exit();
      })
      .catch(() => {});
    await expect(lock.acquireAsync()).rejects.toThrow(AbandonedLock);
  });

  test("waiting holds the process until the lock is free, and no longer", async () => {
    const { stdout } = await node(`const { Lock, toThread } = require("kernel-helpers");
      const lock = new Lock();
      lock.acquire();
      lock.acquireAsync().then(() => console.log("taken"));
      toThread(() => { setTimeout(() => lock.release(), 20); });`);
    expect(stdout).toBe("taken\n");
  });

  test("it is one object a thread, as an argument and as a captured variable", async () => {
    const lock = new Lock();
    expect(await pool.submit((given: Lock) => given === lock && given instanceof Lock, lock)).toBe(true);
    expect(await pool.submit(() => lock)).toBe(lock);
  });

  test("the timeline shows where a thread waits for it", async () => {
    const lock = new Lock();
    await lock.acquireAsync();
    const timeline = Timeline.start();
    const waiting = toThread(() => lock.acquire());
    while (!timeline.events.some(({ kind }) => kind === "blocked")) {
      await new Promise(setImmediate);
    }
    lock.release();
    await waiting;
    const kinds = timeline.stop().events.map(({ kind }) => kind);
    expect(kinds).toEqual(["queued", "started", "blocked", "resumed", "done"]);
  });
});

describe("Semaphore", () => {
  test("never lets more in than it has places", async () => {
    const semaphore = new Semaphore(2);
    const counts = words(2);
    const enter = (places: Semaphore, seen: Int32Array) => {
      for (let i = 0; i < 200; i++) {
        using _place = places.hold();
        const inside = Atomics.add(seen, 0, 1) + 1;
        if (inside > Atomics.load(seen, 1)) Atomics.store(seen, 1, inside);
        Atomics.wait(seen, 0, -1, 0);
        Atomics.sub(seen, 0, 1);
      }
    };
    const here = async () => {
      for (let i = 0; i < 50; i++) {
        using _place = await semaphore.holdAsync();
        Atomics.store(counts, 1, Math.max(Atomics.load(counts, 1), Atomics.add(counts, 0, 1) + 1));
        await null;
        Atomics.sub(counts, 0, 1);
      }
    };
    await gather([...Array.from({ length: 4 }, () => pool.submit(enter, semaphore, counts)), here]);
    expect(counts[1]).toBeLessThanOrEqual(2);
    expect(semaphore.value).toBe(2);
  });

  test("release(n) lets n in, in whatever thread they wait", async () => {
    const semaphore = new Semaphore(0);
    const waiting = [semaphore.acquireAsync(), pool.submit(() => semaphore.acquire())];
    expect(semaphore.locked()).toBe(true);
    semaphore.release(2);
    await gather(waiting);
    expect([semaphore.value, await pool.submit(() => semaphore.acquire(5))]).toEqual([0, false]);
    expect(() => semaphore.acquire()).toThrow(DeadlockError);
    semaphore.release();
    expect(semaphore.acquire()).toBe(true);
  });

  test("a bounded one refuses more releases than acquires, in a thread too", async () => {
    const bounded = new BoundedSemaphore(1);
    expect(() => bounded.release()).toThrow(/more places than were taken: 1 of 1/);
    const kept = pool.submit((given: BoundedSemaphore) => given instanceof BoundedSemaphore, bounded);
    expect(await kept).toBe(true);
    await expect(pool.submit(() => bounded.release())).rejects.toThrow(/more places than were taken/);
  });

  test.each([-1, 1.5, Number.NaN, "2" as never])("a value of %s is refused", (value) => {
    expect(() => new Semaphore(value)).toThrow(RangeError);
    expect(() => new BoundedSemaphore(value)).toThrow(RangeError);
    expect(() => new Semaphore().release(value)).toThrow(RangeError);
  });
});

describe("Event", () => {
  test("set lets all go on, in threads and on the loop, until clear", async () => {
    const event = new Event();
    const waiting = [event.waitAsync(), pool.submit(() => event.wait()), pool.submit(() => event.wait())];
    expect(event.isSet()).toBe(false);
    event.set();
    await gather(waiting);
    expect([event.isSet(), event.wait(), await pool.submit(() => event.wait(0))]).toEqual([true, true, true]);
    event.clear();
    expect([event.isSet(), await pool.submit(() => event.wait(5))]).toEqual([false, false]);
  });

  test("whoever waits goes on though it is cleared at once", async () => {
    const event = new Event();
    const word = words();
    const waiting = pool.submit(() => {
      Atomics.store(word, 0, 1);
      return event.wait();
    });
    const awaiting = event.waitAsync();
    await told(word);
    await new Promise((resolve) => setTimeout(resolve, 20));
    event.set();
    event.clear();
    await awaiting;
    expect(await waiting).toBe(true);
  });

  test("a thread sets it, the loop awaits it; waiting on the loop is refused; aborting gives up", async () => {
    const event = new Event();
    expect(() => event.wait()).toThrow(/Await waitAsync\(\) here/);
    await expect(event.waitAsync({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
    void pool.submit(() => event.set());
    await event.waitAsync();
    expect(event.isSet()).toBe(true);
    expectTypeOf(event.wait(1)).toEqualTypeOf<boolean>();
  });
});
