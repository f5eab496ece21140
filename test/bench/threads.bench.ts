/** The thread bridge beside the pools it is built on or stands next to, and beside what bare Node gives. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import {
  Lock,
  moduleTask,
  move,
  runCoroutineThreadsafe,
  runInExecutor,
  runSync,
  startBlockingPortal,
  ThreadPoolExecutor,
  toThread,
} from "kernel-helpers";
import { longestBlock, medians, overNewThreads, timesOf } from "./measure.ts";
import { type Row, row } from "./row.ts";

export const name = "threads";

const require = createRequire(import.meta.url);
const file = (name: string) => join(import.meta.dirname, "threads", name);

const { Piscina } = require("piscina");
const piscinaOf = (threads: number) =>
  new Piscina({
    filename: file("square.cjs"),
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
  });

export async function bench(): Promise<Row[]> {
  return [
    ...(await roundTrips()),
    ...(await firstResult()),
    ...(await loading()),
    ...(await queuedMemory()),
    ...(await tinyTasks()),
    ...(await callsToTheLoop()),
    ...(await callsFromSynchronousCode()),
    ...(await locks()),
    ...(await transfers()),
  ];
}

// ---- One task, there and back ----

const bareCalls = moduleTask<(calls: number, port: MessagePort, bell: Int32Array) => number[]>(
  file("bare.cjs"),
  "bareCalls",
);
const square = moduleTask<(x: number) => number>(file("square.cjs"), "square");

/**
 * Piscina's own call into the very thread of the executor: whether a thread is quick or slow to wake depends on
 * where the system put it, and then falls on both alike.
 */
async function piscinaUnder(executor: ThreadPoolExecutor): Promise<(i: number) => Promise<number>> {
  await executor.ready();
  type Thread = { piscina: InstanceType<typeof Piscina> };
  const { pool } = executor as unknown as { pool: { workers: { threads: Set<Thread> } } };
  const [{ piscina }] = [...pool.workers.threads] as [Thread];
  return (i) => piscina.run(i, { filename: file("square.cjs") });
}

async function measureRoundTrips(atomics: "async" | "sync") {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1, atomics });
  const run = toThread.with({ executor });
  const piscina = await piscinaUnder(executor);
  const plain = (x: number) => x * x;
  const helper = (x: number) => x * x;
  const capturing = (x: number) => helper(x);
  const peers = await openPeers();
  const calls = 50;
  const took = await medians(24, {
    module: () => timesOf(calls, (i) => run(square, i)),
    plain: () => timesOf(calls, (i) => run(plain, i)),
    capturing: () => timesOf(calls, (i) => run(capturing, i)),
    fresh: () => timesOf(calls, (i) => run((x: number) => Math.sqrt(x), i)),
    piscina: () => timesOf(calls, piscina),
    tinypool: () => timesOf(calls, peers.tinypool),
    workerpool: () => timesOf(calls, peers.workerpool),
    comlink: () => timesOf(calls, peers.comlink),
    poolifier: () => timesOf(calls, peers.poolifier),
  });
  await Promise.all([executor.shutdown(), peers.close()]);
  return took;
}

/** Threads that live between tasks, which is the default, and threads that stand still, each beside Piscina's same mode. */
async function roundTrips(): Promise<Row[]> {
  const live = await overNewThreads(3, () => measureRoundTrips("async"));
  const still = await overNewThreads(3, () => measureRoundTrips("sync"));
  const peers = ["tinypool", "workerpool", "comlink", "poolifier"] as const;
  const besidePiscina = (took: typeof live, mode: string) => [
    row(
      `toThread (${mode}), a module's function, beside piscina.run`,
      took.module,
      took.piscina,
      "µs",
      "at most 1.15 ×",
    ),
    row(`toThread (${mode}), a function without captures`, took.plain, took.piscina, "µs", "at most 1.15 ×"),
    row(`toThread (${mode}), with one captured function`, took.capturing, took.piscina, "µs", "at most 3 ×"),
    row(`toThread (${mode}), a new function each time`, took.fresh, took.piscina, "µs", "no goal"),
  ];
  return [
    ...besidePiscina(live, "async"),
    ...besidePiscina(still, "sync"),
    row("piscina.run (async) beside (sync)", live.piscina, still.piscina, "µs", "no goal"),
    ...peers.map((peer) =>
      row(`toThread (sync), a module's function, beside ${peer}`, still.module, still[peer], "µs", "no goal"),
    ),
  ];
}

async function openPeers() {
  const { default: Tinypool } = require("tinypool");
  const { wrap } = require("comlink");
  const nodeEndpoint = require("comlink/dist/umd/node-adapter.js");
  const tinypool = new Tinypool({ filename: file("square.mjs"), minThreads: 1, maxThreads: 1 });
  const workerpool = require("workerpool").pool(file("workerpool.cjs"), {
    maxWorkers: 1,
    workerType: "thread",
  });
  const worker = new Worker(file("comlink.cjs"));
  const remote = wrap(nodeEndpoint(worker));
  const { FixedThreadPool } = require("poolifier");
  const poolifier = new FixedThreadPool(1, file("poolifier.mjs"));
  return {
    tinypool: (i: number) => tinypool.run(i),
    workerpool: (i: number) => workerpool.exec("square", [i]),
    comlink: (i: number) => remote.square(i),
    poolifier: (i: number) => poolifier.execute(i),
    // poolifier may wait for ever for its last worker; the benchmark ends the process.
    close: async () => {
      void poolifier.destroy();
      await Promise.all([tinypool.destroy(), workerpool.terminate(), worker.terminate()]);
    },
  };
}

// ---- A new pool ----

async function firstResult(): Promise<Row[]> {
  const took = await medians(15, {
    ours: async () => {
      const start = performance.now();
      const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
      await runInExecutor(executor, square, 3);
      const time = performance.now() - start;
      await executor.shutdown();
      return [time];
    },
    peer: async () => {
      const start = performance.now();
      const piscina = piscinaOf(1);
      await piscina.run(3);
      const time = performance.now() - start;
      await piscina.destroy();
      return [time];
    },
  });
  return [row("first result of a new pool, beside piscina", took.ours, took.peer, "ms", "at most 1.5 ×")];
}

// ---- Loading, and a long queue ----

/** What a program prints that starts with nothing loaded. */
async function printed(script: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "-e", script], {
    cwd: import.meta.dirname,
  });
  return Number(stdout);
}

async function loading(): Promise<Row[]> {
  const timed = (module: string) =>
    `const start = performance.now(); require(${JSON.stringify(module)}); console.log(performance.now() - start);`;
  const took = await medians(9, {
    ours: async () => [await printed(timed("kernel-helpers/threads"))],
    piscina: async () => [await printed(timed("piscina"))],
  });
  return [
    row(
      "require of threads alone, beside require of piscina",
      took.ours,
      took.piscina,
      "ms",
      "at most 40 ms",
    ),
  ];
}

async function queuedMemory(): Promise<Row[]> {
  const grown = (submit: string) => `
    const { ThreadPoolExecutor } = require("kernel-helpers/threads"); const { Piscina } = require("piscina");
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const piscina = new Piscina({ filename: ${JSON.stringify(file("square.cjs"))}, maxThreads: 1 });
    const square = (x) => x * x;
    executor.submit(square, 1).then(() => piscina.run(1)).then(() => {
      gc();
      const before = process.memoryUsage().rss;
      const all = Array.from({ length: 100_000 }, (_, i) => ${submit});
      console.log((process.memoryUsage().rss - before) / 1e6);
      process.exit();
    });`;
  const took = await medians(3, {
    ours: async () => [await printed(grown("executor.submit(square, i)"))],
    piscina: async () => [await printed(grown("piscina.run(i)"))],
  });
  return [
    row("memory of 100,000 queued tasks, beside piscina's", took.ours, took.piscina, "MB", "at most 250 MB"),
  ];
}

// ---- Many tiny tasks ----

async function tinyTasks(): Promise<Row[]> {
  const count = 10_000;
  const items = Array.from({ length: count }, (_, i) => i);
  const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const piscina = piscinaOf(2);
  const perSecond = async (work: () => PromiseLike<unknown>) => {
    const start = performance.now();
    await work();
    return [(count / (performance.now() - start)) * 1000];
  };
  const plain = (x: number) => x * x;
  const rate = await medians(7, {
    ours: () => perSecond(() => executor.map(plain, items, { chunksize: 250 })),
    peer: () => perSecond(() => Promise.all(items.map((i) => piscina.run(i)))),
  });
  await Promise.all([executor.shutdown(), piscina.destroy()]);
  return [
    row(
      "10,000 tiny tasks on 2 threads, map in chunks of 250, beside piscina one by one",
      rate.ours,
      rate.peer,
      "tasks/s",
      "at least 5 ×",
      true,
    ),
  ];
}

// ---- From a worker to the loop, blocking ----

async function measureCallsToTheLoop() {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const { createSyncFn } = require("synckit");
  const synckit = createSyncFn(file("synckit.cjs"));
  const onLoop = (x: number) => x * x;
  const callLoop = (calls: number) => {
    const times: number[] = [];
    for (let i = 0; i < calls; i++) {
      const start = performance.now();
      runCoroutineThreadsafe(onLoop, i).result();
      times.push((performance.now() - start) * 1000);
    }
    return times;
  };
  const calls = 1000;
  const took = await medians(4, {
    ours: () => runInExecutor(executor, callLoop, calls),
    bare: () => callBare(executor, calls),
    synckit: () => timesOf(calls, synckit),
  });
  await executor.shutdown();
  return took;
}

async function callsToTheLoop(): Promise<Row[]> {
  const took = await overNewThreads(7, measureCallsToTheLoop);
  const what = "runCoroutineThreadsafe(…).result() in a worker, beside";
  return [
    row(`${what} bare Atomics.wait and a port`, took.ours, took.bare, "µs", "at most 1.2 ×"),
    row(`${what} synckit`, took.ours, took.synckit, "µs", "no goal"),
  ];
}

/** Asks the loop for squares from a task, with nothing but a port and a shared word. */
async function callBare(executor: ThreadPoolExecutor, calls: number): Promise<number[]> {
  const { port1, port2 } = new MessageChannel();
  const bell = new Int32Array(new SharedArrayBuffer(4));
  port1.on("message", (x: number) => {
    port1.postMessage(x * x);
    Atomics.add(bell, 0, 1);
    Atomics.notify(bell, 0);
  });
  const times = await runInExecutor(executor, bareCalls, calls, port2, bell);
  port1.close();
  return times;
}

// ---- From synchronous code to a loop in a thread, blocking ----

async function callsFromSynchronousCode(): Promise<Row[]> {
  const { createSyncFn } = require("synckit");
  const synckit = createSyncFn(file("synckit.cjs"));
  const portal = startBlockingPortal();
  const plain = async (x: number) => x * x;
  const calls = 200;
  const took = await medians(10, {
    runSync: () => timesOf(calls, (i) => runSync(plain, i)),
    portal: () => timesOf(calls, (i) => portal.call(plain, i)),
    synckit: () => timesOf(calls, (i) => synckit(i)),
  });
  portal.stop();
  // synckit calls one function of one file. The difference buys functions with their captures, classes of errors,
  // context variables, output in order, many tasks at once, time-outs that free the thread, and notice of its death.
  return [
    row("runSync, warm, beside synckit", took.runSync, took.synckit, "µs", "under 1000"),
    row("portal.call beside synckit", took.portal, took.synckit, "µs", "under 1000"),
  ];
}

// ---- A lock that nobody else wants ----

async function locks(): Promise<Row[]> {
  const lock = new Lock();
  const word = new Int32Array(new SharedArrayBuffer(4));
  const times = 10_000;
  const each = (work: () => void) => {
    const start = performance.now();
    for (let i = 0; i < times; i++) work();
    return Promise.resolve([((performance.now() - start) * 1e6) / times]);
  };
  const took = await medians(20, {
    ours: () =>
      each(() => {
        lock.acquire();
        lock.release();
      }),
    bare: () =>
      each(() => {
        Atomics.compareExchange(word, 0, 0, 1);
        Atomics.store(word, 0, 0);
        Atomics.notify(word, 0, 1);
      }),
  });
  // The difference buys time-outs, cancelling, an owner, patience for those who wait, and notice of its death.
  return [row("Lock acquire and release, beside bare Atomics", took.ours, took.bare, "ns", "no goal")];
}

// ---- 100 MB there and back ----

async function measureTransfers() {
  const megabytes = 100;
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const bare = new Worker(file("bare.cjs"));
  let buffer = new ArrayBuffer(megabytes * 1e6);
  const ours = async () => {
    const moved = toThread.with({ executor, transfer: [buffer] })(
      (there: ArrayBuffer) => move(there),
      buffer,
    );
    buffer = await moved;
  };
  const bareTransfer = async () => {
    buffer = await new Promise((resolve) => {
      bare.once("message", resolve);
      bare.postMessage({ buffer }, [buffer]);
    });
  };
  const took = await medians(6, {
    ours: () => timesOf(10, ours),
    bare: () => timesOf(10, bareTransfer),
    block: async () => [await longestBlock(ours)],
  });
  await Promise.all([executor.shutdown(), bare.terminate()]);
  return took;
}

async function transfers(): Promise<Row[]> {
  const took = await overNewThreads(7, measureTransfers);
  return [
    row(
      "100 MB to a thread and back by transfer, beside a bare transfer",
      took.ours,
      took.bare,
      "µs",
      "at most 1.2 ×",
    ),
    row("… and the longest block of the loop by it, median", took.block, null, "ms", "at most 10"),
  ];
}
