import {
  ContextVar,
  DeadlockError,
  Queue,
  runCoroutineThreadsafe,
  runSync,
  TimeoutError,
  toThread,
} from "kernel-helpers";
import { describe, expect, test } from "vitest";
import { node } from "../helpers.ts";

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

test("gives what the async function resolves to, with no await in sight", () => {
  const price = { tea: 4, milk: 2 };
  const priceOf = async (item: keyof typeof price) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return price[item];
  };
  const total: number = runSync(priceOf, "tea") + runSync(priceOf, "milk");
  expect(total).toBe(6);
});

test("a synchronous function will do, and data goes as it does to toThread", () => {
  const seen = runSync(
    (bytes: Buffer, day: Date) => ({ length: bytes.length, day }),
    Buffer.from("ab"),
    new Date(0),
  );
  expect(seen).toEqual({ length: 2, day: new Date(0) });
});

test("throws the error of the function: its class, its fields, both stacks", () => {
  const fails = async () => {
    await null;
    throw Object.assign(new RangeError("too far"), { code: "E_FAR" });
  };
  const error = thrown(() => runSync(fails)) as RangeError & { code: string };
  expect(error).toBeInstanceOf(RangeError);
  expect(error).toMatchObject({ message: "too far", code: "E_FAR" });
  expect(error.stack).toMatch(/at fails.*submitted to runSync from.*run-sync\.test/s);
});

test("context variables go along", () => {
  const user = new ContextVar("user", { default: "nobody" });
  expect(user.run("ada", () => runSync(async () => user.get()))).toBe("ada");
});

test("a buffer moves there, and back with move", () => {
  const buffer = new ArrayBuffer(8);
  const back = runSync.with({ transfer: [buffer] })((given: ArrayBuffer) => given, buffer);
  expect([buffer.byteLength, back.byteLength]).toEqual([0, 8]);
});

describe("it does not hang", () => {
  test("a timeout ends the thread", () => {
    const never = () => new Promise<never>(() => setInterval(() => {}, 1000));
    expect(() => runSync.with({ timeout: 50 })(never)).toThrow(TimeoutError);
  });

  test("process.exit in the function", () => {
    expect(() => runSync(() => process.exit(3))).toThrow(/exited with code 3.*return or throw instead/);
  });

  test("a promise that nothing can settle any more", () => {
    expect(() => runSync(() => new Promise<never>(() => {}))).toThrow(
      /nothing can settle any more.*unsettled top-level await/,
    );
  });

  test("an error in a timer of the function", () => {
    const late = () =>
      new Promise<never>(() => {
        setTimeout(() => {
          throw new RangeError("in a timer");
        }, 1);
      });
    expect(() => runSync(late)).toThrow(/in a timer/);
  });

  test("a result that cannot be cloned names what", () => {
    expect(() => runSync(() => ({ inner: new WeakMap() }))).toThrow(/The result\.inner is a WeakMap/);
  });

  test("a call back to the loop, which waits itself", () => {
    expect(() => runSync(() => runCoroutineThreadsafe(tick).result())).toThrow(DeadlockError);
  });

  test("a queue that would have to ask the loop", () => {
    const queue = new Queue<number>();
    expect(() => runSync(() => queue.syncQ.get())).toThrow(DeadlockError);
    expect(() => runSync(() => queue.asyncQ.get())).toThrow(DeadlockError);
  });

  test("inside a function that it runs it is refused, with the way out", () => {
    const inner = async () => 1;
    expect(() => runSync(() => runSync(inner))).toThrow(DeadlockError);
    expect(() => runSync(() => runSync(inner))).toThrow(/runs already: await inner\(\) here/);
  });

  test("memory that runs out, and the next call has a new thread", async () => {
    const { stdout } = await node(
      `const { runSync } = require("kernel-helpers");
      const fill = () => { for (let chain = {}; ; ) chain = { chain, more: [1, 2, 3] }; };
      try { runSync(fill) } catch (error) { console.log(error.code) }
      console.log(runSync(async () => "next"));`,
      "--max-old-space-size=64",
    );
    expect(stdout).toBe("ERR_WORKER_OUT_OF_MEMORY\nnext\n");
  });
});

test("inside a pool's thread it works as it does elsewhere", async () => {
  expect(await toThread(() => runSync(async () => 1) + runSync(async () => 2))).toBe(3);
});

test("calls share one thread, which a timeout and an exit replace", () => {
  const thread = () => (require("node:worker_threads") as typeof import("node:worker_threads")).threadId;
  const first = runSync(thread);
  expect(runSync(async () => thread())).toBe(first);
  expect(() =>
    runSync.with({ timeout: 1 })(() => {
      for (;;);
    }),
  ).toThrow(TimeoutError);
  const second = runSync(thread);
  expect(second).not.toBe(first);
  expect(() => runSync(() => process.exit(0))).toThrow(/exited with code 0/);
  expect(runSync(thread)).not.toBe(second);
});

test("what cannot go is refused before a thread is started", () => {
  const promise = Promise.resolve();
  expect(() => runSync(() => promise)).toThrow(/promise is a Promise/);
  expect(() => runSync(1 as never)).toThrow(/must be a function/);
  expect(() => runSync.with({ timeout: -1 })).toThrow(/timeout/);
});

test("what it prints comes out in order, and notes to the loop are read afterwards", async () => {
  const { stdout } = await node(`const { runSync, callSoonThreadsafe } = require("kernel-helpers");
    const note = (text) => console.log(text);
    runSync(async () => { console.log("one"); callSoonThreadsafe(note, "four"); await null; console.log("two"); });
    console.log("three");`);
  expect(stdout).toBe("one\ntwo\nthree\nfour\n");
});

function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}
