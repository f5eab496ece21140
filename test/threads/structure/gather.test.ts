import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { ContextVar, gather } from "kernel-helpers";
import { expect, expectTypeOf, test, vi } from "vitest";

const fail = async (message: string): Promise<number> => {
  throw new Error(message);
};

test("results come in the order of the inputs, and their types with them", async () => {
  const slow = turn().then(() => "slow");
  const results = await gather([slow, () => Number("2"), async () => true, "kept"]);
  expect(results).toEqual(["slow", 2, true, "kept"]);
  expectTypeOf(results).toEqualTypeOf<[string, number, boolean, string]>();
  expect(await gather([])).toEqual([]);
});

test("an array of one kind of promise gives an array of results", async () => {
  const results = await gather([1, 2, 3].map(async (n) => n * 2));
  expect(results).toEqual([2, 4, 6]);
  expectTypeOf(results).toEqualTypeOf<number[]>();
});

test("the first rejection rejects at once; the others go on, and their rejections are not unhandled", async () => {
  const finished = vi.fn();
  const never = new Promise(() => {});
  const other = turn().then(() => {
    finished();
    throw new Error("second");
  });
  await expect(gather([never, fail("first"), other])).rejects.toThrow("first");
  expect(finished).not.toHaveBeenCalled();
  await turn();
  await turn();
  expect(finished).toHaveBeenCalledOnce();
});

test("returnExceptions puts errors in their places", async () => {
  const results = await gather([fail("one"), Promise.resolve(2)], { returnExceptions: true });
  expectTypeOf(results).toEqualTypeOf<[number | Error, number | Error]>();
  expect(results).toEqual([new Error("one"), 2]);
});

test("returnExceptions wraps what is not an Error, so that a result can be told from a failure", async () => {
  const [result] = await gather([() => Promise.reject(null)], { returnExceptions: true });
  expect(result).toBeInstanceOf(Error);
  expect(result).toMatchObject({ message: expect.stringContaining("null"), cause: null });
});

test("a function that throws is a rejection, not a throw of gather", async () => {
  const [result] = await gather(
    [
      () => {
        throw new RangeError("at once");
      },
    ],
    { returnExceptions: true },
  );
  expect(result).toEqual(new RangeError("at once"));
});

test("functions have a context each: neither siblings nor the caller see what they set", async () => {
  const id = new ContextVar("id", { default: "unknown" });
  const setEarly = (name: string) => async () => {
    id.set(name);
    await turn();
    return id.get();
  };
  const readOnly = async () => id.get();
  expect(await gather([setEarly("a"), setEarly("b"), readOnly])).toEqual(["a", "b", "unknown"]);
  expect(id.get()).toBe("unknown");
});

test("handlers that are called in the array are kept apart too, when each sets for itself", async () => {
  const id = new ContextVar("id", { default: "unknown" });
  async function handle(name: string) {
    id.set(name);
    await turn();
    return id.get();
  }
  const results = await gather([handle("REQ-001"), handle("REQ-002"), handle("REQ-003")]);
  expect(results).toEqual(["REQ-001", "REQ-002", "REQ-003"]);
});

test("an abort rejects with its reason, cancels what has a cancel(), and leaves no listener", async () => {
  const controller = new AbortController();
  const future = Object.assign(new Promise(() => {}), { cancel: vi.fn() });
  const all = gather([future, new Promise(() => {})], { signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(all).rejects.toThrow("enough");
  expect(future.cancel).toHaveBeenCalledOnce();
  await gather([1], { signal: new AbortController().signal });
  const shared = new AbortController();
  for (let i = 0; i < 20; i++) await gather([turn()], { signal: shared.signal });
  expect(getEventListeners(shared.signal, "abort")).toHaveLength(0);
  await expect(gather([turn()], { signal: controller.signal })).rejects.toThrow("enough");
});

test("anything but an array is refused with the right form", async () => {
  await expect(gather(turn() as never)).rejects.toThrow(/takes an array.*gather\(\[a, b\]\), got object/);
});
