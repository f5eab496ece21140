/** What structured clone and transfer of Node can send goes to a thread, and what cannot says why. */
import { createSecretKey, generateKeyPairSync, webcrypto } from "node:crypto";
import { open } from "node:fs/promises";
import { BlockList, SocketAddress } from "node:net";
import { createHistogram } from "node:perf_hooks";
import { transferableAbortSignal } from "node:util";
import { MessageChannel } from "node:worker_threads";
import { runSync, ThreadPoolExecutor } from "kernel-helpers";
import { afterAll, describe, expect, test } from "vitest";

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
afterAll(() => executor.shutdown());

/** Of the language, though not in the compiler's library here. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object) => { exports: { add(a: number, b: number): number } };
    Memory: new (options: {
      initial: number;
      maximum?: number;
      shared?: boolean;
    }) => { buffer: SharedArrayBuffer };
  };
};

/** A WebAssembly module that exports `add`. */
const bytes = Buffer.from("AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=", "base64");

test("a WebAssembly module, compiled once: captured, as an argument and as a result", async () => {
  const module = new WebAssembly.Module(bytes);
  const add = (given: object) => new WebAssembly.Instance(given).exports.add(1, 2);
  expect(await executor.submit(add, module)).toBe(3);
  expect(await executor.submit(() => new WebAssembly.Instance(module).exports.add(2, 2))).toBe(4);
  expect(
    add(await executor.submit((data: Uint8Array) => new WebAssembly.Module(data), new Uint8Array(bytes))),
  ).toBe(3);
});

test("shared WebAssembly memory is shared; memory that is not is refused", async () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
  await executor.submit(() => {
    new Int32Array(memory.buffer)[0] = 7;
  });
  expect(new Int32Array(memory.buffer)[0]).toBe(7);
  expect(() => executor.submit((m) => m, new WebAssembly.Memory({ initial: 1 }))).toThrow(
    /is an instance of Memory, which cannot go/,
  );
});

describe("an abort signal that can be transferred", () => {
  const aborted = (signal: AbortSignal) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(signal.reason));
    });

  test("as a value, in the list of what moves, and again", async () => {
    for (const transfer of [false, true]) {
      const controller = new AbortController();
      const signal = transferableAbortSignal(controller.signal);
      const submitted = executor.with({ transfer: transfer ? [signal] : [] }).submit(aborted, signal);
      controller.abort("enough");
      expect(await submitted).toBe("enough");
      expect(await executor.submit(() => signal.aborted)).toBe(true);
    }
  });

  test("another one names what makes it one", () => {
    const { signal } = new AbortController();
    expect(() => executor.submit(() => signal.aborted)).toThrow(
      /signal is an AbortSignal.*util\.transferableAbortSignal\(signal\)/,
    );
  });
});

test.each<[string, () => unknown, (value: never) => unknown, unknown]>([
  [
    "a secret key",
    () => createSecretKey(Buffer.from("abc")),
    (k: { export(): Buffer }) => k.export().length,
    3,
  ],
  [
    "a public key",
    () => generateKeyPairSync("ed25519").publicKey,
    (k: { asymmetricKeyType: string }) => k.asymmetricKeyType,
    "ed25519",
  ],
  [
    "a key of Web Crypto",
    () => webcrypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]),
    (k: { type: string }) => k.type,
    "secret",
  ],
  ["a Blob", () => new Blob(["text"]), (b: Blob) => b.text(), "text"],
  ["a File", () => new File(["text"], "a.txt"), (f: File) => f.name, "a.txt"],
  [
    "a list of addresses",
    () => {
      const list = new BlockList();
      list.addAddress("1.2.3.4");
      return list;
    },
    (l: BlockList) => l.check("1.2.3.4"),
    true,
  ],
  ["an address", () => new SocketAddress({ address: "1.2.3.4" }), (a: SocketAddress) => a.address, "1.2.3.4"],
  [
    "a histogram",
    () => createHistogram(),
    (h: { record(n: number): void; max: number }) => {
      h.record(5);
      return h.max;
    },
    5,
  ],
  ["a DOMException", () => new DOMException("over", "AbortError"), (e: DOMException) => e.name, "AbortError"],
  ["a DataView", () => new DataView(new ArrayBuffer(2)), (v: DataView) => v.byteLength, 2],
])("%s", async (_name, make, use, expected) => {
  const value = await make();
  expect(await executor.submit(use as (value: unknown) => unknown, value)).toEqual(expected);
  expect(await executor.submit(() => use(value as never))).toEqual(expected);
});

test("a file handle moves, and says so", async () => {
  const read = async (handle: Awaited<ReturnType<typeof open>>) => {
    const { length } = await handle.readFile();
    await handle.close();
    return length > 0;
  };
  const handle = await open(import.meta.filename);
  expect(() => executor.submit(read, handle)).toThrow(/FileHandle.*list it in `transfer`/);
  expect(await executor.with({ transfer: [handle] }).submit(read, handle)).toBe(true);
});

test("a port that went to a thread names its path and the way out, also before that thread has begun", async () => {
  const { port1, port2 } = new MessageChannel();
  const use = () => port2.postMessage("here");
  const first = executor.submit(use);
  const again = /use → port2 is a MessagePort that went to a thread before.*MessageChannel for each task/;
  expect(() => executor.submit(use)).toThrow(again);
  await first;
  expect(() => executor.submit(use)).toThrow(again);
  port1.close();
});

test("a Future says how to have its result", () => {
  const future = executor.submit(() => 1);
  expect(() => executor.submit((f) => f, future)).toThrow(/is a Future.*runCoroutineThreadsafe\(later\)/);
});

test("direct eval says why it does not see a variable", async () => {
  const secret = 5;
  // biome-ignore lint/security/noGlobalEval: the subject
  const task = () => eval("secret") as number;
  await expect(executor.submit(task)).rejects.toThrow(
    /^secret is not defined\. Code given to `eval` in a thread does not see/,
  );
  // biome-ignore lint/security/noGlobalEval: the subject
  expect(await executor.submit(() => [secret, eval("1 + 1")])).toEqual([5, 2]);
});

test("what is under a symbol that both sides know goes along", async () => {
  const iterable = { [Symbol.iterator]: () => [1, 2][Symbol.iterator](), [Symbol.for("note")]: "n" };
  const seen = (given: typeof iterable) => [[...given], given[Symbol.for("note") as never]];
  expect(await executor.submit(() => seen(iterable))).toEqual([[1, 2], "n"]);
  expect(await executor.submit(seen, iterable)).toEqual([[1, 2], "n"]);
});

test("`process.env` is one for all threads", async () => {
  const read = () => process.env.KERNEL_HELPERS_TEST;
  expect(await executor.submit(read)).toBe(undefined);
  process.env.KERNEL_HELPERS_TEST = "later";
  expect(await executor.submit(read)).toBe("later");
  expect(runSync(read)).toBe("later");
  delete process.env.KERNEL_HELPERS_TEST;
});

test("a container that was half packed with what cannot go is whole for the others", async () => {
  const shared = { f: () => 1, list: [1, 2] };
  const blocked = { shared, bad: Promise.resolve(1) };
  const helper = () => blocked.shared;
  expect(await executor.submit(() => [typeof helper, shared.f(), shared.list])).toEqual([
    "function",
    1,
    [1, 2],
  ]);
});

describe("nested more deeply than the event loop's thread can read", () => {
  const nested = (levels: number) => {
    let list: unknown = [];
    for (let i = 1; i < levels; i++) list = i % 2 ? { list } : [list];
    return list;
  };
  const refused =
    /is nested more than 1000 levels deep, which cannot go to another thread\. Send a flat list/;

  test("900 levels go there and back", async () => {
    expect(await executor.submit((list) => list, nested(900))).toEqual(nested(900));
  });

  test("an argument and a captured value are refused by name", () => {
    const list = nested(20_000);
    const map = new Map([[1, nested(3000)]]);
    expect(() => executor.submit((list) => list, list)).toThrow(refused);
    expect(() => executor.submit(() => list)).toThrow(refused);
    expect(() => executor.submit(() => [map, executor])).toThrow(refused);
  });

  test.each([1500, 4000, 100_000])(
    "a result of %d levels is refused, and the task does not hang",
    async (levels) => {
      await expect(executor.submit(nested, levels)).rejects.toThrow(refused);
    },
  );
});

test("`arguments` is refused: structured clone would lose its length", () => {
  const args = (function (..._all: number[]) {
    // biome-ignore lint/complexity/noArguments: this is the value to be sent.
    return arguments;
  })(1, 2);
  expect(() => executor.submit(() => args.length)).toThrow("is an `arguments` object, which cannot go");
  expect(() => executor.submit((list) => list.length, args)).toThrow("Send `[...arguments]`");
});

test("an object with a prototype of its own is not called an instance of Object", () => {
  const made = Object.create({ greet: () => "hello" }) as { greet(): string };
  expect(() => executor.submit(() => made.greet())).toThrow(
    "an object whose prototype is not that of plain objects",
  );
});
