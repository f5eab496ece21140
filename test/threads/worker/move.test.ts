import { MessageChannel, type MessagePort } from "node:worker_threads";
import { move, ThreadPoolExecutor, toThread } from "kernel-helpers";
import { afterAll, expect, expectTypeOf, test } from "vitest";

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
afterAll(() => executor.shutdown());
const run = toThread.with({ executor });

test("a buffer goes to the thread and comes back without being copied: neither side keeps it", async () => {
  const numbers = Float64Array.from([3, 1, 2]);
  const sort = (there: Float64Array) => {
    (globalThis as { kept?: Float64Array }).kept = there;
    return move(there.sort());
  };
  const sorted = await toThread.with({ executor, transfer: [numbers.buffer] })(sort, numbers);
  expectTypeOf(sorted).toEqualTypeOf<Float64Array>();
  expect([...sorted]).toEqual([1, 2, 3]);
  expect(numbers.length).toBe(0);
  expect(await run(() => (globalThis as { kept?: Float64Array }).kept?.length)).toBe(0);
});

test("without move the thread keeps its buffer", async () => {
  const make = () => {
    const buffer = new ArrayBuffer(8);
    (globalThis as { buffer?: ArrayBuffer }).buffer = buffer;
    return buffer;
  };
  expect((await run(make)).byteLength).toBe(8);
  expect(await run(() => (globalThis as { buffer?: ArrayBuffer }).buffer?.byteLength)).toBe(8);
});

test("several parts of a result move; what a failed task wanted moved is forgotten", async () => {
  await expect(
    run(() => {
      (globalThis as { spared?: ArrayBuffer }).spared = move(new ArrayBuffer(8));
      throw new Error("after all");
    }),
  ).rejects.toThrow("after all");
  const parts = await run(() => {
    const [a, b] = [new Uint8Array([1]), new Uint8Array([2])];
    return { a: move(a), list: [move(b)], sum: 3 };
  });
  expect([parts.a[0], parts.list[0]![0], parts.sum]).toEqual([1, 2, 3]);
  expect(await run(() => (globalThis as { spared?: ArrayBuffer }).spared?.byteLength)).toBe(8);
});

test("a port in the result is moved without being asked to", async () => {
  const port = (await run(() => {
    const { port1, port2 } = new MessageChannel();
    port2.on("message", (data) => port2.postMessage(`${data} and back`));
    return port1;
  })) as MessagePort;
  const answer = new Promise((resolve) => port.once("message", resolve));
  port.postMessage("there");
  // The thread hears its port when its event loop turns.
  await run(() => new Promise((resolve) => setTimeout(resolve, 10)));
  expect(await answer).toBe("there and back");
  port.close();
});

test("what cannot move is refused in words, in the thread as here", async () => {
  const pooled = Buffer.from("small");
  expect(() => move(pooled)).toThrow(
    /What `move` is given is the memory that Node shares among small Buffers/,
  );
  await expect(run(() => move({}))).rejects.toThrow(
    /got an instance of Object. Leave out what is to be copied/,
  );
  expect(move(new ArrayBuffer(1)).byteLength).toBe(1);
});
