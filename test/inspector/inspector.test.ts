import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { watchLoop } from "kernel-helpers";
import { afterEach, describe, expect, test } from "vitest";

let debuggerThread: Worker | undefined;

/** A thread of its own that uses the room, as every user does; it posts what `script` gives to `tell`. */
async function inThread(script: string): Promise<unknown> {
  const text = `
    const { parentPort, threadId } = require("node:worker_threads");
    const { attachWorkers, InspectorError, MainThreadSession, readStack } = require(${JSON.stringify(require.resolve("../../kernel-helpers/dist/inspector"))});
    const session = new MainThreadSession();
    const tell = (value) => { session.close(); parentPort.postMessage(value); };
    const alive = setInterval(() => {}, 60_000);
    ${script}`;
  debuggerThread = new Worker(text, { eval: true, name: "inspecting" });
  const [message] = await once(debuggerThread, "message");
  return message;
}

afterEach(async () => {
  await debuggerThread?.terminate();
});

describe("a pause", () => {
  test("is ended by nobody but who asked for it: a breakpoint under watchLoop holds", async () => {
    const watch = await watchLoop({ threshold: 10 });
    debuggerThread = new Worker(require.resolve("./breakpointer.cjs"), { workerData: { ms: 300 } });
    await once(debuggerThread, "message");
    // biome-ignore lint/suspicious/noDebugger: the place to stop at
    debugger;
    expect(await once(debuggerThread, "message")).toEqual(["held"]);
    await watch.stop();
  });
});

describe("readStack", () => {
  test("reads what a thread computes, without a pause, and nothing while it waits", async () => {
    const idle = inThread("readStack(session).then(tell)");
    expect(await idle).toEqual([]);
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const reader = new Worker(
      `const { workerData } = require("node:worker_threads");
       const { MainThreadSession, readStack } = require(workerData.room);
       const session = new MainThreadSession();
       setInterval(() => {}, 60_000);
       Atomics.wait(workerData.flag, 0, 0);
       readStack(session).then((frames) => {
         Atomics.store(workerData.flag, 0, 2);
         require("node:worker_threads").parentPort.postMessage(frames);
         session.close();
       });`,
      { eval: true, workerData: { flag, room: require.resolve("../../kernel-helpers/dist/inspector") } },
    );
    const told = once(reader, "message");
    (function outer() {
      (function inner() {
        Atomics.store(flag, 0, 1);
        Atomics.notify(flag, 0);
        while (Atomics.load(flag, 0) !== 2);
      })();
    })();
    const [frames] = await told;
    expect(frames.slice(0, 2)).toMatchObject([{ name: "inner" }, { name: "outer" }]);
    expect(frames[0].file).toContain("inspector.test.ts");
    await reader.terminate();
  });

  test("reads nothing where Node itself is at work, and no code of anybody's", async () => {
    const done = new Int32Array(new SharedArrayBuffer(4));
    // A function without a line, called by Node's timers: only frames of Node stand in its stack.
    setTimeout(RegExp.prototype.test.bind(/^(a+)+$/, `${"a".repeat(20)}b`));
    setTimeout(() => Atomics.store(done, 0, 1));
    debuggerThread = new Worker(
      `const { parentPort, workerData } = require("node:worker_threads");
       const { MainThreadSession, readStack } = require(workerData.room);
       const session = new MainThreadSession();
       const alive = setInterval(() => {}, 60_000);
       (async () => {
         const seen = [];
         do seen.push(...await readStack(session)); while (!Atomics.load(workerData.done, 0));
         session.close();
         parentPort.postMessage(seen.filter(({ file }) => file.startsWith("node:")));
       })();`,
      { eval: true, workerData: { done, room: require.resolve("../../kernel-helpers/dist/inspector") } },
    );
    expect(await once(debuggerThread, "message")).toEqual([[]]);
  });
});

describe("attachWorkers", () => {
  test("opens a session on each worker, on those of workers and on those to come", async () => {
    const before = new Worker("setInterval(() => {}, 1000)", { eval: true, name: "before" });
    await once(before, "online");
    const found = await inThread(`
      const found = {};
      const attached = async (worker) => {
        if (!["before", "outer", "inner"].includes(worker.name)) return worker.close();
        const { result } = await worker.post("Runtime.evaluate", { expression: "6 * 7" });
        found[worker.name] = result.value;
        if (Object.keys(found).length === 3) tell(found);
      };
      attachWorkers(session, { attached, detached() {} }).then(() => {
        session.post("Runtime.evaluate", { expression: ${JSON.stringify(
          `new (process.getBuiltinModule("worker_threads").Worker)('new (require("node:worker_threads").Worker)("setInterval(() => {}, 1000)", { eval: true, name: "inner" }); setTimeout(() => process.exit(), 5000)', { eval: true, name: "outer" }).unref()`,
        )} });
      });`);
    expect(found).toEqual({ before: 42, outer: 42, inner: 42 });
    await before.terminate();
  });

  test("says that a worker has ended, and answers what it was asked", async () => {
    const worker = new Worker("setInterval(() => {}, 1000)", { eval: true, name: "ends" });
    await once(worker, "online");
    const told = inThread(`
      const told = [];
      const attached = (worker) => {
        if (worker.name !== "ends") return worker.close();
        const asked = worker.post("Runtime.evaluate", { expression: "new Promise(() => {})", awaitPromise: true });
        asked.catch(({ message }) => told.push(message));
        worker.post("Nonsense.nonsense").catch(({ message }) => {
          told.push(message);
          worker.post("Runtime.evaluate", { expression: 'require("node:worker_threads").parentPort.postMessage("asked")' });
        });
      };
      attachWorkers(session, { attached, detached: (worker) => worker.name === "ends" && setImmediate(() => tell([...told, worker.name])) });`);
    await once(worker, "message");
    await worker.terminate();
    expect(await told).toEqual([
      "The inspector refused Nonsense.nonsense: 'Nonsense.nonsense' wasn't found",
      expect.stringMatching(/context was destroyed|session ended/),
      "ends",
    ]);
  });
});

describe("a session", () => {
  test("that is closed refuses to be asked, and is closed once", async () => {
    const told = await inThread(`
      const asked = session.post("Runtime.evaluate", { expression: "new Promise(() => {})", awaitPromise: true });
      asked.catch(async ({ message }) => {
        session.close();
        tell([message, await session.post("Runtime.enable").catch((error) => error instanceof InspectorError)]);
      });
      setImmediate(() => session.close());`);
    expect(told).toEqual(["The session ended before Runtime.evaluate was answered.", true]);
  });

  test.each(["NodeTracing.getCategories", "Profiler.enable", "HeapProfiler.enable"])(
    "knows %s",
    async (method) => {
      const told = await inThread(
        `session.post("${method}").then(() => tell("answered"), ({ message }) => tell(message));`,
      );
      expect(told).toBe("answered");
    },
  );
});
