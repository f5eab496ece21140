import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { type MessagePort, Worker } from "node:worker_threads";
import {
  gather,
  Queue,
  QueueEmpty,
  QueueFull,
  QueueShutDown,
  ThreadPoolExecutor,
  Timeline,
  toThread,
  toTransfer,
} from "kernel-helpers";
import { afterEach, expect, expectTypeOf, test } from "vitest";

const workers = new Set<Worker>();
afterEach(async () => {
  await Promise.all([...workers].map((worker) => worker.terminate()));
  workers.clear();
});

/** Runs the body of an async function in a thread that has the queue as `queue`. */
function inThread<T>(queue: Queue<T>, body: string, extra: object = {}): Promise<unknown> {
  const { data, ...how } = queue[toTransfer]();
  const { port } = (data as { channel: { port: MessagePort } }).channel;
  const code = `
    const { parentPort, workerData: { how, data, extra } } = require("node:worker_threads");
    const { QueueEmpty, QueueFull, QueueShutDown, Queue } = require(how.module);
    const revive = require(how.module)[how.name];
    (async (queue, extra) => {${body}})(revive(data), extra).then(
      (value) => parentPort.postMessage({ value }),
      (error) => parentPort.postMessage({ error: error.name + ": " + error.message }));`;
  const worker = new Worker(code, {
    eval: true,
    workerData: { how, data, extra },
    transferList: [port],
  });
  workers.add(worker);
  return once(worker, "message").then(([message]) => {
    if ("error" in message) throw new Error(message.error);
    return message.value;
  });
}

/** A word to agree on with a thread that gets it as `extra.shared`. */
const sharedWord = () => new Int32Array(new SharedArrayBuffer(4));

test("what a worker puts comes out here in order, and the worker blocks while the queue is full", async () => {
  const queue = new Queue<number>({ maxsize: 2 });
  const produced = inThread(queue, `for (let i = 0; i < 100; i++) queue.syncQ.put(i); queue.close();`);
  const seen: number[] = [];
  let most = 0;
  for await (const item of queue.asyncQ) {
    expectTypeOf(item).toEqualTypeOf<number>();
    most = Math.max(most, queue.asyncQ.qsize());
    seen.push(item);
  }
  await produced;
  expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(most).toBeLessThanOrEqual(2);
});

test("what is put here comes out in a worker that blocks for it", async () => {
  const queue = new Queue<string>({ maxsize: 1 });
  const consumed = inThread(queue, "return [...queue.syncQ]");
  for (const item of ["a", "b", "c"]) await queue.asyncQ.put(item);
  queue.close();
  expect(await consumed).toEqual(["a", "b", "c"]);
});

test("a full queue makes the loop's put wait and never blocks the loop", async () => {
  const queue = new Queue<number>({ maxsize: 1 });
  await queue.asyncQ.put(1);
  const second = queue.asyncQ.put(2);
  let turns = 0;
  while (turns < 5) {
    await turn();
    turns++;
  }
  expect(queue.asyncQ.qsize()).toBe(1);
  expect(await inThread(queue, "return queue.syncQ.get()")).toBe(1);
  await second;
  expect(await queue.asyncQ.get()).toBe(2);
});

test("from one worker to another the items go through the queue alone", async () => {
  const queue = new Queue<number>({ maxsize: 3 });
  const [, sum] = await gather([
    inThread(queue, "for (let i = 1; i <= 50; i++) queue.syncQ.put(i); queue.close()"),
    inThread(queue, "let sum = 0; for (const item of queue.syncQ) sum += item; return sum"),
  ]);
  expect(sum).toBe(1275);
});

test("several producers and consumers: nothing is lost or doubled, and each producer's order is kept", async () => {
  const queue = new Queue<[number, number]>({ maxsize: 4 });
  const produce = (name: number) =>
    inThread(queue, `for (let i = 0; i < 100; i++) queue.syncQ.put([${name}, i])`);
  const consume = () => inThread(queue, "return [...queue.syncQ]") as Promise<[number, number][]>;
  const consumed = [consume(), consume()];
  await gather([produce(1), produce(2)]);
  queue.close();
  const lists = await gather(consumed);
  expect(lists.flat()).toHaveLength(200);
  expect(new Set(lists.flat().map(String)).size).toBe(200);
  for (const list of lists) {
    for (const name of [1, 2]) {
      const own = list.filter(([producer]) => producer === name).map(([, i]) => i);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  }
});

test("timeouts in a worker: QueueEmpty and QueueFull in words, and the queue goes on working", async () => {
  const queue = new Queue<string>({ maxsize: 1 });
  const messages = await inThread(
    queue,
    `const attempt = (f) => { try { f(); return "no error" } catch (error) { return error.name + ": " + error.message } };
     const first = attempt(() => queue.syncQ.get({ timeout: 5 }));
     const now = attempt(() => queue.syncQ.get({ timeout: 0 }));
     queue.syncQ.put("one");
     return [first, now, attempt(() => queue.syncQ.put("two", { timeout: 5 })), attempt(() => queue.syncQ.putNowait("two")), queue.syncQ.getNowait()];`,
  );
  expect(messages).toEqual([
    "QueueEmpty: The queue is empty after 5 ms.",
    "QueueEmpty: The queue is empty now.",
    "QueueFull: The queue is full (maxsize 1) after 5 ms.",
    "QueueFull: The queue is full (maxsize 1) now.",
    "one",
  ]);
  await queue.asyncQ.put("after");
  expect(await queue.asyncQ.get()).toBe("after");
});

test("a timeout is kept while the loop is blocked, and the item that comes later is not lost", async () => {
  const queue = new Queue<string>();
  const words = sharedWord();
  const timedOut = inThread(
    queue,
    `const words = new Int32Array(extra.shared);
     try { queue.syncQ.get({ timeout: 10 }) } catch (error) {
       Atomics.store(words, 0, 1);
       Atomics.notify(words, 0);
       return error.name;
     }`,
    { shared: words.buffer },
  );
  Atomics.wait(words, 0, 0, 30_000);
  expect(Atomics.load(words, 0)).toBe(1);
  await queue.asyncQ.put("late");
  expect(await timedOut).toBe("QueueEmpty");
  expect(await queue.asyncQ.get()).toBe("late");
});

test("here getNowait and putNowait throw at once; syncQ refuses to block the thread that made the queue", async () => {
  const queue = new Queue<number>({ maxsize: 1 });
  expect(() => queue.asyncQ.getNowait()).toThrow(QueueEmpty);
  queue.syncQ.put(1);
  expect(() => queue.asyncQ.putNowait(2)).toThrow(QueueFull);
  expect(() => queue.syncQ.put(2)).toThrow(/would block.*Await asyncQ\.put\(item\) here/);
  expect(() => queue.syncQ.join()).toThrow(/would block.*asyncQ\.join\(\)/);
  expect(queue.syncQ.get()).toBe(1);
  expect(() => queue.syncQ.get()).toThrow(/would block.*asyncQ\.get\(\)/);
});

test("getNowait sees what has arrived though the loop has not turned", async () => {
  const queue = new Queue<string>();
  const words = sharedWord();
  const produced = inThread(
    queue,
    `queue.syncQ.put("here");
     Atomics.store(new Int32Array(extra.shared), 0, 1);
     Atomics.notify(new Int32Array(extra.shared), 0);`,
    { shared: words.buffer },
  );
  Atomics.wait(words, 0, 0, 30_000);
  expect(queue.asyncQ.getNowait()).toBe("here");
  await produced;
});

test("join waits until every item is marked done, on both sides; taskDone too often is an error", async () => {
  const queue = new Queue<number>();
  for (let i = 0; i < 3; i++) queue.asyncQ.putNowait(i);
  const words = sharedWord();
  const body = `for (let i = 0; i < 3; i++) {
      queue.syncQ.get();
      const words = new Int32Array(extra.shared);
      Atomics.wait(words, 0, 0);
      queue.syncQ.taskDone();
    }
    return queue.syncQ.join();`;
  const consumed = inThread(queue, body, { shared: words.buffer });
  let joined = false;
  const join = queue.asyncQ.join().then(() => (joined = true));
  const alsoJoined = inThread(queue, "return queue.syncQ.join()");
  await turn();
  expect(joined).toBe(false);
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  await join;
  expect(await gather([consumed, alsoJoined])).toEqual([true, true]);
  await queue.asyncQ.join();
  expect(() => queue.asyncQ.taskDone()).toThrow(/more often than items were put/);
});

test("join with a timeout gives false", async () => {
  const queue = new Queue<number>();
  queue.asyncQ.putNowait(1);
  expect(await inThread(queue, "return queue.syncQ.join({ timeout: 5 })")).toBe(false);
});

test("close: waiting gets and puts are refused everywhere, what is in the queue still comes out", async () => {
  const queue = new Queue<number>({ maxsize: 1 });
  await queue.asyncQ.put(1);
  const waitingPut = queue.asyncQ.put(2);
  const workerPut = inThread(queue, "queue.syncQ.put(3)");
  workerPut.catch(() => {});
  await turn();
  queue.close();
  await expect(waitingPut).rejects.toThrow(QueueShutDown);
  await expect(workerPut).rejects.toThrow(/QueueShutDown: The queue is closed/);
  await expect(queue.asyncQ.put(4)).rejects.toThrow(QueueShutDown);
  expect(queue.closed).toBe(true);
  expect(await queue.asyncQ.get()).toBe(1);
  await expect(queue.asyncQ.get()).rejects.toThrow(QueueShutDown);
});

test("close wakes a worker that blocks in get, and a worker may close", async () => {
  const queue = new Queue<number>();
  const waiting = inThread(queue, "queue.syncQ.get()");
  waiting.catch(() => {});
  const [here] = await gather([queue.asyncQ.get(), inThread(queue, "queue.close()")], {
    returnExceptions: true,
  });
  expect(here).toBeInstanceOf(QueueShutDown);
  await expect(waiting).rejects.toThrow("QueueShutDown");
});

test("close ends the wait of a thread whose requests lie unread behind another message", async () => {
  const queue = new Queue<number>();
  queue.asyncQ.putNowait(1);
  const word = sharedWord();
  const waiting = inThread(
    queue,
    `const word = new Int32Array(extra.shared);
     queue.syncQ.get();
     Atomics.wait(word, 0, 0);
     queue.syncQ.taskDone();
     queue.syncQ.get();`,
    { shared: word.buffer },
  );
  while (queue.asyncQ.qsize() > 0) await turn();
  // The loop is blocked on purpose, so that both messages lie in the port when the queue is closed.
  Atomics.store(word, 0, 1);
  Atomics.notify(word, 0);
  Atomics.wait(sharedWord(), 0, 0, 100);
  queue.close();
  await expect(waiting).rejects.toThrow("QueueShutDown");
});

test("close with immediate throws the items away and lets join through", async () => {
  const queue = new Queue<number>();
  queue.asyncQ.putNowait(1);
  queue.close({ immediate: true });
  await queue.asyncQ.join();
  expect(queue.asyncQ.empty()).toBe(true);
  await expect(queue.asyncQ.get()).rejects.toThrow(QueueShutDown);
});

test("close with immediate lets join through though items were taken and never marked done", async () => {
  const queue = new Queue<number>();
  queue.asyncQ.putNowait(1);
  expect(await inThread(queue, "return queue.syncQ.get()")).toBe(1);
  const joined = queue.asyncQ.join();
  queue.close({ immediate: true });
  await joined;
  queue.asyncQ.taskDone();
});

test("a worker that comes after the queue is done is told so at once", async () => {
  const queue = new Queue<number>();
  queue.close();
  await expect(inThread(queue, "queue.syncQ.get()")).rejects.toThrow("QueueShutDown");
  await expect(inThread(queue, "await queue.asyncQ.get()")).rejects.toThrow("QueueShutDown");
  expect(await inThread(queue, "return queue.syncQ.join()")).toBe(true);
});

test("an aborted wait gives up its place, takes no item, and keeps no listener; in workers too", async () => {
  const queue = new Queue<string>({ maxsize: 1 });
  const controller = new AbortController();
  const get = queue.asyncQ.get(controller);
  controller.abort(new Error("enough"));
  await expect(get).rejects.toThrow("enough");
  const worker = inThread(
    queue,
    `const aborted = await queue.asyncQ.get({ signal: AbortSignal.timeout(1) }).catch((error) => error.name);
     await queue.asyncQ.put("kept");
     const full = await queue.asyncQ.put("lost", { signal: AbortSignal.timeout(1) }).catch((error) => error.name);
     return [aborted, full];`,
  );
  expect(await worker).toEqual(["TimeoutError", "TimeoutError"]);
  expect(await queue.asyncQ.get()).toBe("kept");
  expect(queue.asyncQ.qsize()).toBe(0);
});

test("async functions in a worker await the same queue", async () => {
  const queue = new Queue<number>({ maxsize: 1 });
  const echoed = inThread(
    queue,
    "const seen = []; for await (const item of queue.asyncQ) { seen.push(item); } return seen",
  );
  for (const item of [1, 2, 3]) await queue.asyncQ.put(item);
  queue.close();
  expect(await echoed).toEqual([1, 2, 3]);
});

test("items are structured clones made when they are put: classes of data, cycles, later changes", async () => {
  const queue = new Queue<{ when: Date; self?: unknown; n: number }>();
  const item = { when: new Date(0), n: 1, self: undefined as unknown };
  item.self = item;
  queue.asyncQ.putNowait(item);
  item.n = 2;
  const seen = await queue.asyncQ.get();
  expect([seen.n, seen.self === seen, seen !== item]).toEqual([1, true, true]);
  expect(seen.when).toEqual(new Date(0));
});

test("an item that cannot be cloned is refused, and costs no place", async () => {
  const queue = new Queue<unknown>({ maxsize: 1 });
  await expect(queue.asyncQ.put(() => 1)).rejects.toThrow(/could not be cloned/);
  const refused = await inThread(
    queue,
    "try { queue.syncQ.put(() => 1) } catch (error) { return [error.name, queue.syncQ.qsize()] }",
  );
  expect(refused).toEqual(["DataCloneError", 0]);
  await queue.asyncQ.put("fits");
});

test("a worker that is terminated while it waits takes no item with it", async () => {
  const queue = new Queue<string>();
  void inThread(queue, `queue.syncQ.put("ready"); queue.syncQ.get()`);
  expect(await queue.asyncQ.get()).toBe("ready");
  // Somebody waits here, so that the thread's line counts as active until its end has been noticed.
  const safe = queue.asyncQ.get();
  const lines = () => process.getActiveResourcesInfo().filter((kind) => kind === "MessagePort").length;
  const before = lines();
  for (const worker of workers) await worker.terminate();
  while (lines() === before) await turn();
  await queue.asyncQ.put("safe");
  expect(await safe).toBe("safe");
});

test.each(["queue.syncQ.get()", "await queue.asyncQ.get()"])(
  "what was on its way to a thread that has ended comes back, before what is later: %s",
  async (get) => {
    const queue = new Queue<number | string>();
    void inThread(queue, `queue.syncQ.put("ready"); ${get}`);
    expect(await queue.asyncQ.get()).toBe("ready");
    // Until the request has come; should it not have, the test sees less, and is still right.
    for (let i = 0; i < 100; i++) await turn();
    const ended = [...workers].map((worker) => worker.terminate());
    for (const item of [1, 2]) queue.syncQ.put(item);
    await Promise.all(ended);
    expect([await queue.asyncQ.get(), await queue.asyncQ.get()]).toEqual([1, 2]);
    expect(queue.asyncQ.qsize()).toBe(0);
  },
);

test("the queue is one object a thread, however often it travels", async () => {
  const queue = new Queue<number>();
  const again = queue[toTransfer]().data as { channel: { port: MessagePort } };
  const same = await inThread(queue, "return revive(data) === queue && queue instanceof Queue");
  again.channel.port.close();
  expect(same).toBe(true);
});

test.each([-1, 1.5, Number.NaN, "3" as never])("maxsize %s is refused", (maxsize) => {
  expect(() => new Queue({ maxsize })).toThrow(/whole number of items, 0 for no limit, got/);
});

test.each([-1, Number.NaN])("a timeout of %s is refused", (timeout) => {
  expect(() => new Queue().syncQ.get({ timeout })).toThrow(/number of milliseconds, 0 or more/);
});

test("toThread takes the queue as a captured variable and as an argument", async () => {
  const queue = new Queue<number>({ maxsize: 2 });
  const produced = toThread(() => {
    for (let i = 0; i < 20; i++) queue.syncQ.put(i);
    queue.close();
  });
  const consumed = toThread((from: Queue<number>) => [...from.syncQ], queue);
  const [, items] = await gather([produced, consumed]);
  expect(items).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test("errors of the queue keep their class on the way out of a task", async () => {
  const queue = new Queue<number>();
  await expect(toThread(() => queue.syncQ.get({ timeout: 1 }))).rejects.toThrow(QueueEmpty);
  await expect(toThread(() => queue.syncQ.getNowait())).rejects.toThrow(QueueEmpty);
  queue.close();
  await expect(toThread(() => queue.syncQ.get())).rejects.toThrow(QueueShutDown);
});

test("cancelling a task ends its wait in the queue, and the thread lives on", async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1, gracePeriod: 30_000 });
  const queue = new Queue<string>();
  const threadBefore = await executor.submit(() => require("node:worker_threads").threadId);
  const task = executor.submit(() => {
    queue.syncQ.put("about to wait");
    try {
      queue.syncQ.join();
    } catch (error) {
      queue.syncQ.put(`ended by ${(error as Error).name}`);
      throw error;
    }
  });
  expect(await queue.asyncQ.get()).toBe("about to wait");
  task.cancel();
  await expect(task).rejects.toThrow(/cancelled/);
  expect(await queue.asyncQ.get()).toBe("ended by CancelledError");
  expect(await executor.submit(() => require("node:worker_threads").threadId)).toBe(threadBefore);
  await executor.shutdown();
});

test("the timeline shows where a worker waits in the queue", async () => {
  const timeline = Timeline.start();
  const queue = new Queue<number>();
  const waiting = toThread(() => queue.syncQ.get());
  await turn();
  await queue.asyncQ.put(1);
  expect(await waiting).toBe(1);
  const kinds = timeline.stop().events.map(({ kind }) => kind);
  expect(kinds).toEqual(["queued", "started", "blocked", "resumed", "done"]);
});

/** Takes with all kinds of patience until the queue is closed. */
const takeAll = (queue: Queue<[string, number]>, seed: number) => {
  const taken: [string, number][] = [];
  for (let turn = seed; ; turn++) {
    try {
      taken.push(
        turn % 4 === 0 ? queue.syncQ.getNowait() : queue.syncQ.get({ timeout: [1, 20, 1e6][turn % 3] }),
      );
      queue.syncQ.taskDone();
    } catch (error) {
      if (error instanceof Error && error.name === "QueueShutDown") return taken;
      if (!(error instanceof Error && error.name === "QueueEmpty")) throw error;
    }
  }
};

/** Puts with all kinds of patience. */
const putAll = (queue: Queue<[string, number]>, name: string, count: number) => {
  for (let i = 0; i < count; ) {
    try {
      queue.syncQ.put([name, i], { timeout: i % 3 === 0 ? 1 : undefined });
      i++;
    } catch (error) {
      if (!(error instanceof Error && error.name === "QueueFull")) throw error;
    }
  }
};

test.each([1, 2, 3, 4, 5, 6])(
  "four threads and the loop at once, with timeouts and aborts: nothing is lost, all end (%i)",
  async (seed) => {
    const executor = new ThreadPoolExecutor({ maxWorkers: 4 });
    const queue = new Queue<[string, number]>({ maxsize: 3 });
    const count = 400;
    const consumers = [executor.submit(takeAll, queue, seed), executor.submit(takeAll, queue, seed + 1)];
    const producers = ["a", "b"].map((name) => executor.submit(putAll, queue, name, count));
    const putHere = async () => {
      for (let i = 0; i < count; i++) await queue.asyncQ.put(["loop", i]);
    };
    const takenHere: [string, number][] = [];
    const takeHere = async () => {
      for (let i = 0; i < 100; i++) {
        const controller = new AbortController();
        if (i % 2 === seed % 2) setImmediate(() => controller.abort());
        const taken = await queue.asyncQ.get(controller).catch(() => undefined);
        if (taken) takenHere.push(taken);
        if (taken) queue.asyncQ.taskDone();
      }
    };
    await gather([...producers, putHere, takeHere]);
    await queue.asyncQ.join();
    queue.close();
    const lists = [...(await gather(consumers)), takenHere];
    expect(new Set(lists.flat().map(String)).size).toBe(3 * count);
    expect(lists.flat()).toHaveLength(3 * count);
    for (const list of lists) {
      for (const name of ["a", "b", "loop"]) {
        const own = list.filter(([from]) => from === name).map(([, i]) => i);
        expect(own).toEqual(own.toSorted((a, b) => a - b));
      }
    }
    await executor.shutdown();
  },
);
