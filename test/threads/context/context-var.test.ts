import { once } from "node:events";
import { createRequire } from "node:module";
import { setImmediate as turn } from "node:timers/promises";
import { MessageChannel, Worker } from "node:worker_threads";
import {
  ContextVar,
  callSoonThreadsafe,
  copyContext,
  exportContext,
  gather,
  importContext,
  LookupError,
  runCoroutineThreadsafe,
  runInExecutor,
  ThreadPoolExecutor,
  toThread,
  toTransfer,
  type WireContext,
} from "kernel-helpers";
import { expect, test } from "vitest";

test("without a value: the default, then the fallback, then a LookupError that says what to do", () => {
  expect(new ContextVar("id", { default: "unknown" }).get()).toBe("unknown");
  expect(new ContextVar<string>("id").get("fallback")).toBe("fallback");
  expect(new ContextVar("id", { default: undefined }).get()).toBeUndefined();
  const bare = new ContextVar<string>("request_id");
  expect(() => bare.get()).toThrow(LookupError);
  expect(() => bare.get()).toThrow(/"request_id" has no value here and no default.*set\(\)/s);
});

test("a set is seen after an await, and by the timers and promises started after it", () =>
  copyContext().run(async () => {
    const id = new ContextVar<string>("id");
    id.set("REQ-001");
    const inTimer = new Promise((resolve) => setTimeout(() => resolve(id.get()), 1));
    const inPromise = Promise.resolve().then(() => id.get());
    await turn();
    expect(id.get()).toBe("REQ-001");
    expect(await inTimer).toBe("REQ-001");
    expect(await inPromise).toBe("REQ-001");
  }));

test("what was started before a set does not see it", () =>
  copyContext().run(async () => {
    const id = new ContextVar("id", { default: "unknown" });
    const before = turn().then(() => id.get());
    id.set("REQ-001");
    expect(await before).toBe("unknown");
  }));

test("handlers started as promises and interleaved are kept apart, each across its awaits", async () => {
  const id = new ContextVar("id", { default: "unknown" });
  const order: string[] = [];
  async function handle(name: string, turns: number) {
    id.set(name);
    const seen = [];
    for (let i = 0; i < turns; i++) {
      await turn();
      order.push(name);
      seen.push(id.get());
    }
    return seen;
  }
  const all = await Promise.all([handle("REQ-001", 3), handle("REQ-002", 2), handle("REQ-003", 3)]);
  expect(all).toEqual([Array(3).fill("REQ-001"), Array(2).fill("REQ-002"), Array(3).fill("REQ-003")]);
  expect(order.slice(0, 3)).toEqual(["REQ-001", "REQ-002", "REQ-003"]);
});

test("a handler that sets again after an await keeps its siblings apart", async () => {
  const id = new ContextVar("id", { default: "unknown" });
  async function handle(name: string) {
    id.set(name);
    await turn();
    id.set(`${id.get()}, second`);
    await turn();
    return id.get();
  }
  expect(await Promise.all([handle("a"), handle("b")])).toEqual(["a, second", "b, second"]);
});

test("differs from Python: a set before the first await is seen by the caller, one after it is not", () =>
  copyContext().run(async () => {
    const id = new ContextVar("id", { default: "unknown" });
    const early = async () => void id.set("early");
    const late = async () => {
      await turn();
      id.set("late");
    };
    const started = early();
    expect(id.get()).toBe("early");
    await started;
    await late();
    expect(id.get()).toBe("early");
  }));

test("ContextVar.run and Context.run keep every set inside, and give what the function gives", () => {
  const id = new ContextVar("id", { default: "unknown" });
  expect(id.run("outer", (suffix) => id.get() + suffix, "!")).toBe("outer!");
  const context = copyContext();
  context.run(() => id.set("inside"));
  expect(id.get()).toBe("unknown");
  expect(context.get(id)).toBe("inside");
  expect(context.run(() => id.get())).toBe("inside");
});

test("a context keeps what its async function sets after an await, as a task's context does", async () => {
  const id = new ContextVar("id", { default: "unknown" });
  const context = copyContext();
  await context.run(async () => {
    await turn();
    id.set("late");
  });
  expect(context.get(id)).toBe("late");
  expect(id.get()).toBe("unknown");
});

test("copyContext is a snapshot: has, size, copy and iteration", () =>
  copyContext().run(() => {
    const id = new ContextVar<string>("id");
    const other = new ContextVar<number>("other");
    id.set("one");
    const context = copyContext();
    id.set("two");
    expect([context.get(id), context.has(id), context.has(other), context.size]).toEqual([
      "one",
      true,
      false,
      1,
    ]);
    expect([...context.copy()]).toEqual([[id, "one"]]);
    expect([...context][0]![0]).toBe(id);
  }));

test("reset restores the value before, and the default where there was none", () =>
  copyContext().run(() => {
    const id = new ContextVar("id", { default: "unknown" });
    const first = id.set("one");
    const second = id.set("two");
    expect([second.oldValue, second.wasSet, first.wasSet]).toEqual(["one", true, false]);
    id.reset(second);
    expect(id.get()).toBe("one");
    id.reset(first);
    expect(id.get()).toBe("unknown");
    expect(copyContext().has(id)).toBe(false);
  }));

test("a token resets once, its own variable, in its own context", () => {
  const id = new ContextVar<string>("id");
  const other = new ContextVar<string>("other");
  const context = copyContext();
  const token = context.run(() => id.set("one"));
  expect(() => id.reset(token)).toThrow(/in another context/);
  expect(() => context.run(() => other.reset(token as never))).toThrow(/of ContextVar "id", not of "other"/);
  context.run(() => id.reset(token));
  expect(() => context.run(() => id.reset(token))).toThrow(/a token resets once/);
});

test("a token is disposable, and a second dispose does nothing", () =>
  copyContext().run(() => {
    const id = new ContextVar("id", { default: "unknown" });
    {
      using token = id.set("inside");
      expect(id.get()).toBe("inside");
      void token;
    }
    expect(id.get()).toBe("unknown");
  }));

test("a variable needs a name", () => {
  expect(() => new ContextVar(undefined as never)).toThrow(/needs a name.*got undefined/);
});

test("an empty context crosses as nothing; a value that cannot be cloned is named with the way out", () => {
  expect(copyContext().run(() => exportContext())).toBeUndefined();
  const connection = new ContextVar("connection");
  expect(() => connection.run(() => 1, exportContext)).toThrow(
    /ContextVar "connection" cannot go to another thread: .*could not be cloned.*runInExecutor/s,
  );
});

test("an exported context can be packed and unpacked value by value", () => {
  const id = new ContextVar<string>("id");
  const wire = id.run("a", () => exportContext((value) => [value]));
  expect(wire).toEqual({ ids: { id: id.id }, values: { id: ["a"] } });
  const seen = importContext(
    wire,
    () => id.get(),
    (packed) => (packed as unknown[])[0],
  );
  expect(seen).toBe("a");
});

test("two variables of one name cross apart", () => {
  const [one, two] = [new ContextVar<number>("id"), new ContextVar<number>("id")];
  const wire = one.run(1, () => two.run(2, exportContext));
  expect(importContext(wire, () => [one.get(), two.get()])).toEqual([1, 2]);
});

test("importing replaces the context: what is set here is not seen inside", () => {
  const id = new ContextVar("id", { default: "unknown" });
  expect(id.run("here", () => importContext(undefined, () => id.get()))).toBe("unknown");
});

test("a variable that travels and comes back is the same object, revived once per id", () => {
  const id = new ContextVar("id", { default: "unknown" });
  const { module, name, data } = id[toTransfer]();
  const revive = createRequire(module)(module)[name] as (data: unknown) => unknown;
  expect(revive(data)).toBe(id);
  const foreign = { id: "from another thread", name: "n", options: { default: 7 } };
  const first = revive(foreign) as ContextVar<number>;
  expect(first.get()).toBe(7);
  expect(revive(foreign)).toBe(first);
});

test("across threads: the worker reads the value, sets its own, sends it back, and nothing leaks here", async () => {
  const id = new ContextVar("id", { default: "unknown" });
  const worker = new Worker(
    `const { parentPort, workerData: { module, name, data } } = require("node:worker_threads");
     const { exportContext, importContext } = require("kernel-helpers");
     const revive = require(module)[name];
     parentPort.on("message", ({ context, port }) => {
       const id = revive(data);
       const before = id.get();
       const wire = importContext(context, () => {
         const seen = id.get();
         id.set(seen + ", answered");
         return { seen, same: revive(data) === id, context: exportContext() };
       });
       port.postMessage({ before, after: id.get(), ...wire });
     });`,
    { eval: true, workerData: id[toTransfer]() },
  );
  const ask = async (): Promise<{ context: WireContext; before: string; seen: string; after: string }> => {
    const { port1, port2 } = new MessageChannel();
    const answer = once(port1, "message");
    worker.postMessage({ context: exportContext(), port: port2 }, [port2]);
    const [message] = await answer;
    port1.close();
    return message;
  };
  async function handle(name: string) {
    id.set(name);
    const answer = await ask();
    expect(answer).toMatchObject({ before: "unknown", seen: name, same: true, after: "unknown" });
    expect(importContext(answer.context, () => id.get())).toBe(`${name}, answered`);
    return id.get();
  }
  expect(await Promise.all([handle("REQ-001"), handle("REQ-002"), handle("REQ-003")])).toEqual([
    "REQ-001",
    "REQ-002",
    "REQ-003",
  ]);
  await worker.terminate();
});

test("toThread carries each handler's context, as on the page this comes from", async () => {
  const requestId = new ContextVar("request_id", { default: "unknown" });
  const work = () => `Processing ${requestId.get()}`;
  async function handle(id: string) {
    requestId.set(id);
    const result = await toThread(work);
    return [result, requestId.get()];
  }
  expect(await gather([handle("REQ-001"), handle("REQ-002"), handle("REQ-003")])).toEqual([
    ["Processing REQ-001", "REQ-001"],
    ["Processing REQ-002", "REQ-002"],
    ["Processing REQ-003", "REQ-003"],
  ]);
});

test("runInExecutor carries no context", () =>
  copyContext().run(async () => {
    const requestId = new ContextVar("request_id", { default: "unknown" });
    requestId.set("REQ-001");
    expect(await runInExecutor(null, () => requestId.get())).toBe("unknown");
  }));

test("back on the loop a call has the context of the worker's task, its own sets included", async () => {
  const requestId = new ContextVar("request_id", { default: "unknown" });
  const seen: string[] = [];
  const onLoop = async () => {
    seen.push(requestId.get());
    return requestId.get();
  };
  const work = () => {
    const before = runCoroutineThreadsafe(onLoop).result(30_000);
    requestId.set(`${before}, changed in the worker`);
    callSoonThreadsafe(onLoop);
    return runCoroutineThreadsafe(onLoop).result(30_000);
  };
  async function handle(id: string) {
    requestId.set(id);
    return [await toThread(work), requestId.get()];
  }
  expect(await gather([handle("a"), handle("b")])).toEqual([
    ["a, changed in the worker", "a"],
    ["b, changed in the worker", "b"],
  ]);
  const [a, b] = ["a, changed in the worker", "b, changed in the worker"];
  expect(seen.toSorted()).toEqual(["a", a, a, "b", b, b]);
});

test("a value that cannot go to a thread is refused at toThread, by the variable's name", () =>
  copyContext().run(async () => {
    const connection = new ContextVar<object>("connection");
    connection.set(new (class Connection {})());
    await expect((async () => toThread(() => 1))()).rejects.toThrow(
      "context.values.connection is an instance of Connection",
    );
  }));

test("an async function in the worker keeps its context across its awaits, and the next task starts clean", async () => {
  const requestId = new ContextVar("request_id", { default: "unknown" });
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const inOrder = toThread.with({ executor });
  const work = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const seen = requestId.get();
    requestId.set("left behind");
    return seen;
  };
  const tasks = [requestId.run("first", inOrder, work), inOrder(work)];
  expect(await gather(tasks)).toEqual(["first", "unknown"]);
  await executor.shutdown();
});
