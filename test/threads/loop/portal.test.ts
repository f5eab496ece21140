import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Worker } from "node:worker_threads";
import {
  type BlockingPortal,
  CancelledError,
  ContextVar,
  callSoonThreadsafe,
  DeadlockError,
  type Handle,
  PortalNotRunning,
  Queue,
  runCoroutineThreadsafe,
  startBlockingPortal,
  ThreadPoolExecutor,
  Timeline,
  TimeoutError,
  toThread,
} from "kernel-helpers";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { node } from "../helpers.ts";

let portal: BlockingPortal;
beforeAll(() => {
  portal = startBlockingPortal({ name: "shared" });
});
afterAll(() => portal.stop({ cancelRemaining: true }));

/** Never in time for any test. */
const forever = () => new Promise<void>((resolve) => void setTimeout(resolve, 1e8));

/** A global of the portal's thread. */
declare global {
  var portalState: {
    ticks: number;
    timer: NodeJS.Timeout;
    resolve(text: string): void;
    visits: number;
    aborted: string;
  };
}

describe("call", () => {
  test("gives what the async function resolves to, with no await in sight", () => {
    const added: number = portal.call(async (a: number, b: number) => a + b, 1, 2);
    expect(added).toBe(3);
    expectTypeOf(portal.call(async () => "text")).toEqualTypeOf<string>();
  });

  test("throws the error with its class, its fields and both stacks", () => {
    const fails = async () => {
      await null;
      throw Object.assign(new RangeError("too far"), { code: "E_FAR" });
    };
    const error = thrown(() => portal.call(fails)) as RangeError & { code: string };
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: "too far", code: "E_FAR" });
    expect(error.stack).toMatch(/at fails.*submitted to shared from.*portal\.test/s);
  });

  test("context variables go along", () => {
    const user = new ContextVar("user", { default: "nobody" });
    expect(user.run("ada", () => portal.call(async () => user.get()))).toBe("ada");
    expect(portal.call(() => user.get())).toBe("nobody");
  });

  test("a timeout throws TimeoutError, cancels the task, and the portal goes on", () => {
    expect(() => portal.with({ timeout: 20 }).call(forever)).toThrow(TimeoutError);
    expect(() => portal.with({ timeout: 20, name: "slow" }).call(forever)).toThrow(
      "slow took more than its `timeout` of 20 ms.",
    );
    expect(portal.call(() => "on")).toBe("on");
  });

  test("a buffer moves there with `transfer`, and captures can be given", () => {
    const buffer = new ArrayBuffer(8);
    const length = portal.with({ transfer: [buffer] }).call((given: ArrayBuffer) => given.byteLength, buffer);
    expect([length, buffer.byteLength]).toEqual([8, 0]);
    const rate = 1;
    expect(portal.with({ captures: { rate: 7 } }).call(() => rate)).toBe(7);
  });

  test("what cannot go, or come back, is named, and costs only that call", () => {
    const promise = Promise.resolve();
    expect(() => portal.call(() => promise)).toThrow(/promise is a Promise/);
    expect(() => portal.call(() => ({ inner: new WeakMap() }))).toThrow(/The result\.inner is a WeakMap/);
    expect(() => portal.call(1 as never)).toThrow(/`fn` must be a function/);
    expect(() => portal.with({ timeOut: 1 } as never)).toThrow(/Did you mean `timeout`/);
    expect(() => portal.with({ timeout: -1 })).toThrow(RangeError);
    expect(portal.call(() => "on")).toBe("on");
  });
});

describe("what the calls share", () => {
  test("globalThis, modules and what is left running", () => {
    portal.call(() => {
      const timer = setInterval(() => portalState.ticks++, 1);
      Object.assign(globalThis, { portalState: { ticks: 0, timer } });
    });
    const ticks = portal.call(async () => {
      while (portalState.ticks < 3) await new Promise((resolve) => setTimeout(resolve, 1));
      clearInterval(portalState.timer);
      return portalState.ticks;
    });
    expect(ticks).toBeGreaterThanOrEqual(3);
  });

  test("not captured values: each call has copies", () => {
    const counter = { n: 0 };
    const add = (to: { n: number }) => ++to.n;
    expect([portal.call(add, counter), portal.call(add, counter), counter.n]).toEqual([1, 1, 0]);
  });

  test("a handle keeps a value in the thread, as an argument and as a captured variable", () => {
    const counter = portal.callHandle(async () => new Map<string, number>());
    expectTypeOf(counter).toEqualTypeOf<Handle<Map<string, number>>>();
    portal.call(() => counter.value.set("a", 1));
    const size = portal.call((given: Handle<Map<string, number>>) => given.value.set("b", 2).size, counter);
    expect(size).toBe(2);
    expect(portal.call(() => [...counter.value])).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect(() => counter.value).toThrow(/in the portal's thread/);
    counter.dispose();
    expect(() => portal.call(() => counter.value.size)).toThrow(/was disposed/);
  });

  test("an environment variable that is set later is seen", () => {
    process.env.SET_LATER = "yes";
    expect(portal.call(() => process.env.SET_LATER)).toBe("yes");
    delete process.env.SET_LATER;
  });

  test("a server of one call answers the next", () => {
    const address = portal.callHandle(
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = (require("node:http") as typeof import("node:http")).createServer((_, response) =>
            response.end("served"),
          );
          server.listen(0, "127.0.0.1", () => resolve(server));
        }),
    );
    const text = portal.call(async () => {
      const { port } = address.value.address() as AddressInfo;
      return (await fetch(`http://127.0.0.1:${port}`)).text();
    });
    expect(text).toBe("served");
    portal.call(() => void address.value.close());
  });
});

describe("startTaskSoon", () => {
  test("many run at once; result() blocks for one of them; done() is told without a turn of this loop", () => {
    const waiter = portal.startTaskSoon(
      () => new Promise<string>((resolve) => Object.assign(globalThis, { portalState: { resolve } })),
    );
    expect(waiter.done()).toBe(false);
    expect(() => waiter.result(10)).toThrow(TimeoutError);
    portal.call(() => portalState.resolve("given by another call"));
    expect(waiter.result()).toBe("given by another call");
    const soon = portal.startTaskSoon(() => "soon");
    while (!soon.done());
    expect([soon.result(), soon.exception()]).toEqual(["soon", undefined]);
  });

  test("awaiting it works where the loop turns, and holds the process until then", async () => {
    expect(await portal.startTaskSoon(async () => "awaited")).toBe("awaited");
    const { stdout } = await node(`const { startBlockingPortal } = require("kernel-helpers");
      startBlockingPortal().startTaskSoon(() => new Promise((r) => setTimeout(r, 30, "late"))).then(console.log);`);
    expect(stdout).toBe("late\n");
  });

  test("cancel rejects at once, and checkCancelled in the task throws", () => {
    const word = new Int32Array(new SharedArrayBuffer(8));
    const task = portal.startTaskSoon(() => {
      Atomics.store(word, 0, 1);
      Atomics.notify(word, 0);
      const { checkCancelled } = require("kernel-helpers") as typeof import("kernel-helpers");
      try {
        for (;;) checkCancelled();
      } finally {
        Atomics.store(word, 1, 1);
        Atomics.notify(word, 1);
      }
    });
    Atomics.wait(word, 0, 0);
    expect(task.cancel()).toBe(true);
    expect(() => task.result()).toThrow(CancelledError);
    Atomics.wait(word, 1, 0);
    expect(task.cancelled()).toBe(true);
    expect(portal.call(() => "on")).toBe("on");
  });

  test("cancel aborts the task's own signal, of the one task among many", () => {
    const other = portal.startTaskSoon(() => new Promise((resolve) => setTimeout(resolve, 50, "other")));
    const reason = portal.startTaskSoon(
      () =>
        new Promise<void>((resolve) => {
          const { taskSignal } = require("kernel-helpers") as typeof import("kernel-helpers");
          const signal = taskSignal();
          signal.addEventListener("abort", () => {
            Object.assign(globalThis, { portalState: { aborted: signal.reason.name } });
            resolve();
          });
        }),
    );
    reason.cancel();
    expect(other.result()).toBe("other");
    expect(portal.call(() => portalState.aborted)).toBe("CancelledError");
  });

  test("takes no timeout: that is said where one waits", () => {
    expect(() => portal.with({ timeout: 5 }).startTaskSoon(forever)).toThrow(/result\(timeoutMs\)/);
  });
});

describe("it does not hang", () => {
  test("a promise that nothing can settle: the words of Node, and no talk of process.exit()", () => {
    // Nothing else may be open in the thread, as in a program.
    using quiet = startBlockingPortal();
    for (const never of [
      () => new Promise<never>(() => {}),
      async () => void (await new Promise((resolve) => setTimeout(resolve, 1e8).unref())),
    ]) {
      const error = thrown(() => quiet.call(never)) as Error;
      expect(error).toBeInstanceOf(DeadlockError);
      expect(error.message).toMatch(/nothing can settle any more.*unsettled top-level await/);
      expect(error.message).not.toMatch(/process\.exit/);
    }
    expect(quiet.call(() => "on")).toBe("on");
  });

  test("nor when it is found only as one waits for it", () => {
    using quiet = startBlockingPortal();
    const never = quiet.startTaskSoon(() => new Promise<never>(() => {}));
    expect(quiet.call(() => "another call")).toBe("another call");
    expect(() => never.result()).toThrow(DeadlockError);
  });

  test("process.exit(): each open call hears of it, and later ones are refused", () => {
    const exiting = startBlockingPortal({ name: "exiting" });
    const open = exiting.startTaskSoon(forever);
    expect(() => exiting.call(() => process.exit(3))).toThrow(
      /the thread of exiting exited with code 3.*return or throw instead/,
    );
    expect(open.exception()).toMatchObject({ code: "ERR_WORKER_EXITED", exitCode: 3 });
    expect(exiting.running).toBe(false);
    expect(() => exiting.call(() => 1)).toThrow(PortalNotRunning);
    exiting.stop();
  });

  test("memory that runs out, though the thread cannot tell of it", () => {
    const small = startBlockingPortal({ resourceLimits: { maxOldGenerationSizeMb: 32 } });
    const fill = () => {
      for (let chain: object = {}; ; ) chain = { chain, more: [1, 2, 3] };
    };
    expect(thrown(() => small.call(fill))).toMatchObject({
      code: "ERR_WORKER_OUT_OF_MEMORY",
      message: expect.stringMatching(/ran out of memory.*resourceLimits/),
    });
    expect(() => small.call(() => 1)).toThrow(PortalNotRunning);
  });

  test("the same where the loop turns", async () => {
    const dying = startBlockingPortal({ name: "dying" });
    await expect(dying.startTaskSoon(() => process.exit(4))).rejects.toThrow(/dying exited with code 4/);
    const small = startBlockingPortal({ resourceLimits: { maxOldGenerationSizeMb: 32 } });
    const fill = () => {
      for (let chain: object = {}; ; ) chain = { chain, more: [1, 2, 3] };
    };
    await expect(small.startTaskSoon(fill)).rejects.toThrow(/ran out of memory/);
  });

  test("an error in a timer of one of two tasks is that one's", () => {
    const other = portal.startTaskSoon(() => new Promise((resolve) => setTimeout(resolve, 20, "fine")));
    const late = () =>
      new Promise<never>(() => {
        setTimeout(() => {
          throw new RangeError("in a timer");
        }, 1);
      });
    expect(() => portal.call(late)).toThrow("in a timer");
    expect(other.result()).toBe("fine");
  });

  test("a call back to the loop that waits, a queue of it, and the portal in its own thread", () => {
    const tick = () => 1;
    const queue = new Queue<number>();
    const itself = portal;
    expect(() => portal.call(() => runCoroutineThreadsafe(tick).result())).toThrow(DeadlockError);
    expect(() => portal.call(() => queue.syncQ.get())).toThrow(DeadlockError);
    expect(() => portal.call(() => itself.call(() => 1))).toThrow(/in its own thread.*Await/);
  });
});

describe("portals that call each other", () => {
  let others: BlockingPortal[];
  beforeAll(() => {
    others = ["a", "b", "c"].map((name) => startBlockingPortal({ name }));
  });
  afterAll(() => {
    for (const other of others) other.stop();
  });
  const circle = /^A call to a would wait for ever: the thread of a waits for this thread/;

  test("two, in a circle: DeadlockError in the call that closes it, and both serve on", () => {
    const [a, b] = others as [BlockingPortal, BlockingPortal];
    expect(() => a.call(() => b.call(() => a.call(() => 1)))).toThrow(circle);
    const inMiddle = () => {
      try {
        return a.startTaskSoon(() => 1).result();
      } catch (error) {
        return (error as Error).name;
      }
    };
    expect(a.call(() => b.call(inMiddle))).toBe("DeadlockError");
    expect(a.call(() => b.call(() => 2))).toBe(2);
  });

  test("three, in a circle", () => {
    const [a, b, c] = others as [BlockingPortal, BlockingPortal, BlockingPortal];
    expect(() => a.call(() => b.call(() => c.call(() => a.call(() => 1))))).toThrow(circle);
  });

  test("a call with a limit has its TimeoutError", () => {
    const [a, b] = others as [BlockingPortal, BlockingPortal];
    const limited = () => a.with({ timeout: 150 }).call(() => 1);
    expect(() => a.call(() => b.call(limited))).toThrow(TimeoutError);
  });

  test("no alarm where the first awaits, and while calls cross in both directions", async () => {
    const [a, b] = others as [BlockingPortal, BlockingPortal];
    expect(a.call(async () => await b.startTaskSoon(() => a.call(() => 1)))).toBe(1);
    const calls = Array.from({ length: 40 }, (_, i) =>
      i % 2
        ? a.startTaskSoon(async () => await b.startTaskSoon(() => 1))
        : b.startTaskSoon(() => portal.call(async () => 1)),
    );
    expect(await Promise.all(calls)).toEqual(calls.map(() => 1));
  });
});

describe("stop", () => {
  test("waits for what runs, runs exit handlers, and refuses calls from then on; twice is once", () => {
    const ending = startBlockingPortal();
    const word = new Int32Array(new SharedArrayBuffer(4));
    ending.call((shared: Int32Array) => {
      process.on("exit", () => Atomics.store(shared, 0, 1));
    }, word);
    const running = ending.startTaskSoon(() => new Promise((resolve) => setTimeout(resolve, 30, "finished")));
    ending.stop();
    expect([running.result(), Atomics.load(word, 0)]).toEqual(["finished", 1]);
    expect(() => ending.call(() => 1)).toThrow(/was stopped and takes no more calls/);
    expect(() => ending.startTaskSoon(() => 1)).toThrow(PortalNotRunning);
    ending.stop();
    expect(ending.running).toBe(false);
  });

  test("with cancelRemaining, or after its timeout, it ends whatever runs, an endless loop too", () => {
    for (const options of [{ cancelRemaining: true }, { timeout: 10 }]) {
      const ending = startBlockingPortal();
      const waiting = ending.startTaskSoon(forever);
      const spinning = ending.startTaskSoon(() => {
        for (;;);
      });
      ending.stop(options);
      expect(waiting.exception()).toBeInstanceOf(CancelledError);
      expect(spinning.exception()).toBeInstanceOf(CancelledError);
    }
  });

  test("does not wait for what nothing can settle", () => {
    const ending = startBlockingPortal();
    const never = ending.startTaskSoon(() => new Promise(() => {}));
    ending.stop();
    expect(never.exception()).toBeInstanceOf(DeadlockError);
  });

  test("`using` stops it, and portals nest", () => {
    let outer: BlockingPortal | undefined;
    {
      using first = startBlockingPortal();
      using second = startBlockingPortal();
      outer = first;
      expect(first.call(() => 1) + second.call(() => 2)).toBe(3);
    }
    expect(outer.running).toBe(false);
  });

  test("one that is not stopped keeps no process alive", async () => {
    const { stdout } = await node(`const { startBlockingPortal } = require("kernel-helpers");
      const portal = startBlockingPortal();
      portal.startTaskSoon(() => new Promise((resolve) => setInterval(() => {}, 1000)));
      console.log(portal.call(() => "over"));`);
    expect(stdout).toBe("over\n");
  });

  test("refuses options that do not exist, and times that are none", () => {
    expect(() => portal.stop({ cancel: true } as never)).toThrow(TypeError);
    expect(() => startBlockingPortal({ nam: "x" } as never)).toThrow(/Did you mean `name`/);
    const ending = startBlockingPortal();
    expect(() => ending.stop({ timeout: -1 })).toThrow(RangeError);
    ending.stop();
  });
});

describe("in other threads", () => {
  test("a portal serves the threads that it travels to, all in its one thread", async () => {
    portal.call(() => Object.assign(globalThis, { portalState: { visits: 0 } }));
    const visit = () => portal.call(async () => ++portalState.visits);
    const visits = await Promise.all([toThread(visit), toThread(visit), toThread(visit)]);
    expect(visits.sort()).toEqual([1, 2, 3]);
    await expect(toThread(() => portal.stop())).rejects.toThrow(/thread that started the portal/);
  });

  test("a pool thread may start one of its own", async () => {
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const sum = await pool.submit(() => {
      const { startBlockingPortal: start } = require("kernel-helpers") as typeof import("kernel-helpers");
      const own = start();
      const twice = (x: number) => 2 * x;
      const thrice = (x: number) => 3 * x;
      const results = own.call(twice, 2) + own.call(thrice, 2);
      own.stop();
      return results;
    });
    expect(sum).toBe(10);
    await pool.shutdown();
  });

  test("cancelling a task that waits for a portal ends the wait, and the thread lives on", async () => {
    const pool = new ThreadPoolExecutor({ maxWorkers: 1, gracePeriod: 30_000 });
    const thread = () => require("node:worker_threads").threadId as number;
    const before = await pool.submit(thread);
    const word = new Int32Array(new SharedArrayBuffer(4));
    const task = pool.submit(() =>
      portal.call(async () => {
        Atomics.store(word, 0, 1);
        Atomics.notify(word, 0);
        await new Promise((resolve) => setTimeout(resolve, 1e8));
      }),
    );
    Atomics.wait(word, 0, 0);
    task.cancel();
    await expect(task).rejects.toThrow(CancelledError);
    expect(await pool.submit(thread)).toBe(before);
    await pool.shutdown();
  });

  test("the death of the portal is heard of in all of them", async () => {
    const dying = startBlockingPortal({ name: "dying" });
    const waiting = toThread(() => dying.call(() => new Promise((resolve) => setTimeout(resolve, 1e8))));
    const killing = toThread(() => dying.call(() => process.exit(5)));
    const [first, second] = await Promise.allSettled([waiting, killing]);
    for (const each of [first, second]) {
      expect(each).toMatchObject({ status: "rejected", reason: { code: "ERR_WORKER_EXITED", exitCode: 5 } });
    }
  });

  test("a thread of nobody's may use it as well", async () => {
    const worker = new Worker(
      `const { startBlockingPortal } = require("kernel-helpers");
       const portal = startBlockingPortal();
       require("node:worker_threads").parentPort.postMessage(portal.call(async (x) => x + 1, 1));
       portal.stop();`,
      { eval: true },
    );
    expect(await new Promise((resolve) => worker.once("message", resolve))).toBe(2);
  });
});

describe("its own loop has threads of its own, while this thread waits", () => {
  test("toThread, calls back from there to the portal's loop, and errors with their class", () => {
    const answer = portal.call(async () => {
      Object.assign(globalThis, { portalState: { visits: 0 } });
      const visit = () => ++portalState.visits;
      const numbers = [1, 2, 3].map(() => toThread(() => runCoroutineThreadsafe(visit).result()));
      return [(await Promise.all(numbers)).sort(), portalState.visits];
    });
    expect(answer).toEqual([[1, 2, 3], 3]);
    const failing = async () =>
      toThread(() => {
        throw new RangeError("in a thread of the portal");
      });
    expect(() => portal.call(failing)).toThrow(RangeError);
  });

  test("an executor that a call makes, with a timeout, a queue and a shutdown", () => {
    const answer = portal.call(async () => {
      const pool = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: "inner" });
      const queue = new Queue<number>({ maxsize: 1 });
      const filled = pool.submit(({ syncQ }: Queue<number>) => {
        for (let i = 0; i < 3; i++) syncQ.put(i);
      }, queue);
      const numbers = [await queue.asyncQ.get(), await queue.asyncQ.get(), await queue.asyncQ.get()];
      await filled;
      const endless = () => {
        for (;;);
      };
      const failed = await pool
        .with({ timeout: 20 })
        .submit(endless)
        .then(
          () => "",
          (error) => (error as Error).name,
        );
      await pool.shutdown();
      return [numbers, failed];
    });
    expect(answer).toEqual([[0, 1, 2], "TimeoutError"]);
  });

  test("and stop() ends them", () => {
    const short = startBlockingPortal();
    short.call(async () => void toThread(() => new Promise(() => setInterval(() => {}, 1000))));
    short.stop({ cancelRemaining: true });
    expect(short.running).toBe(false);
  });
});

describe("a function of this thread that a pool of the portal's loop names", () => {
  test("its result is refused as in the portal's own code: this loop waits", () => {
    const here = () => 42;
    const asks = () => portal.call(async () => toThread(() => runCoroutineThreadsafe(here).result()));
    expect(asks).toThrow(/^runCoroutineThreadsafe would wait for ever in the thread of shared/);
  });

  test("a note to it is read when this loop turns", async () => {
    const seen = await new Promise((resolve) => {
      const here = (value: number) => resolve(value);
      portal.call(async () => toThread(() => callSoonThreadsafe(here, 7)));
    });
    expect(seen).toBe(7);
  });
});

test("what it prints is shown while this thread waits; notes to the loop are read when it turns", async () => {
  const { stdout, stderr } =
    await node(`const { startBlockingPortal, callSoonThreadsafe } = require("kernel-helpers");
    const note = (text) => console.log(text);
    const portal = startBlockingPortal();
    portal.call(async () => { console.log("one"); callSoonThreadsafe(note, "four"); await null; console.error("two"); });
    console.log("three");`);
  expect([stdout, stderr]).toEqual(["one\nthree\nfour\n", "two\n"]);
});

test("notes reach this loop in the context of the call", async () => {
  const user = new ContextVar("user", { default: "nobody" });
  const seen: string[] = [];
  const note = (text: string) => void seen.push(`${text} ${user.get()}`);
  user.run("ada", () => portal.call(() => callSoonThreadsafe(note, "by")));
  while (seen.length === 0) await new Promise(setImmediate);
  expect(seen).toEqual(["by ada"]);
});

test("a thread that waits for a portal which another stops is told so", async () => {
  const stopped = startBlockingPortal();
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const running = new Int32Array(new SharedArrayBuffer(4));
  const call = executor.submit(
    (portal: BlockingPortal) =>
      portal.call(() => {
        Atomics.store(running, 0, 1);
        return new Promise(() => {});
      }),
    stopped,
  );
  while (Atomics.load(running, 0) === 0) await new Promise(setImmediate);
  stopped.stop({ cancelRemaining: true });
  await expect(call).rejects.toThrow(CancelledError);
  await executor.shutdown();
});

test("a program that awaits a portal whose thread exits hears of it", async () => {
  const { stdout } = await node(`const { startBlockingPortal } = require("kernel-helpers");
    const portal = startBlockingPortal();
    const waits = portal.startTaskSoon(() => new Promise((resolve) => setTimeout(resolve, 1e8)));
    portal.startTaskSoon(() => process.exit(2));
    waits.catch((error) => console.log(error.exitCode));`);
  expect(stdout).toBe("2\n");
});

test("the timeline shows its tasks in its thread", () => {
  const timeline = Timeline.start();
  portal.with({ name: "drawn" }).call(() => 1);
  const { events } = timeline.stop();
  expect(events.map(({ kind }) => kind)).toEqual(["queued", "started", "done"]);
  expect(events.at(-1)).toMatchObject({ thread: "shared" });
});

function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}
