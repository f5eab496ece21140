import { AssertionError } from "node:assert";
import {
  callSoonThreadsafe,
  registerErrorClass,
  runCoroutineThreadsafe,
  ThreadPoolExecutor,
} from "kernel-helpers";
import { afterAll, describe, expect, test } from "vitest";

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
afterAll(() => executor.shutdown());

class BadRow extends Error {
  override name = "BadRow";
  constructor(
    readonly row: number,
    readonly details: { column: string },
  ) {
    super(`row ${row}`);
  }
}
class WorseRow extends BadRow {}

/** What the worker throws, as it arrives here. */
// biome-ignore lint/suspicious/noExplicitAny: each test looks at other properties
async function thrown(fn: () => unknown): Promise<any> {
  return executor.submit(fn).then(
    () => expect.unreachable("it should have thrown"),
    (reason: unknown) => reason,
  );
}

/** What the loop throws, as a worker sees it and sends it back. */
const asSeenByAWorker = (fn: () => unknown) => thrown(() => runCoroutineThreadsafe(fn).result());

describe.each([
  ["from a worker", thrown],
  ["from the loop, through a worker, and back", asSeenByAWorker],
])("%s", (_name, seen) => {
  test("a captured class keeps instanceof and own properties", async () => {
    const error = await seen(() => {
      throw new WorseRow(3, { column: "b" });
    });
    expect(error).toBeInstanceOf(WorseRow);
    expect(error).toBeInstanceOf(BadRow);
    expect(error).toMatchObject({ name: "BadRow", row: 3, details: { column: "b" }, message: "row 3" });
  });

  test("built-in classes, code and errno", async () => {
    const error = await seen(() => require("node:fs").readFileSync("/no/such/file"));
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: "ENOENT", syscall: "open", path: "/no/such/file" });
    expect(
      await seen(() => {
        throw new SyntaxError("s");
      }),
    ).toBeInstanceOf(SyntaxError);
  });

  test("cause, to any depth", async () => {
    const error = await seen(() => {
      throw new Error("outer", { cause: new TypeError("middle", { cause: { plain: true } }) });
    });
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.cause.cause).toEqual({ plain: true });
  });

  test("the errors of an AggregateError", async () => {
    const error = await seen(() => {
      throw new AggregateError([new RangeError("one"), "two"], "both");
    });
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors[0]).toBeInstanceOf(RangeError);
    expect(error.errors[1]).toBe("two");
  });

  test("a DOMException", async () => {
    const error = await seen(() => {
      throw new DOMException("stopped", "AbortError");
    });
    expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ name: "AbortError", message: "stopped", code: 20 });
  });

  test("a class of Node", async () => {
    const error = await seen(() => require("node:assert").strictEqual(1, 2));
    expect(error).toBeInstanceOf(AssertionError);
    expect(error).toMatchObject({ actual: 1, expected: 2, code: "ERR_ASSERTION" });
  });

  test.each([[null], [undefined], [0], ["text"], [{ reason: 1 }]])(
    "thrown %j stays what it is",
    async (value) => {
      expect(
        await seen(() => {
          throw value;
        }),
      ).toEqual(value);
    },
  );

  test("what cannot be cloned is dropped, the error is not", async () => {
    const error = await seen(() => {
      throw Object.assign(new Error("with a socket"), {
        socket: () => {},
        pending: Promise.resolve(),
        port: 80,
      });
    });
    expect(error.message).toBe("with a socket");
    expect(Object.keys(error)).toEqual(["port"]);
  });

  test("an error that is its own cause", async () => {
    const error = await seen(() => {
      const loop = new Error("loop");
      loop.cause = loop;
      throw loop;
    });
    expect(error.cause).toBe(error);
  });

  test("a property that is an error", async () => {
    const error = await seen(() => {
      throw Object.assign(new Error("a"), { original: new RangeError("b") });
    });
    expect(error.original).toBeInstanceOf(RangeError);
  });
});

test("a rejected promise and a thenable that rejects", async () => {
  const rejecting = () => Promise.reject(new BadRow(1, { column: "a" }));
  expect(await thrown(rejecting)).toBeInstanceOf(BadRow);
  // biome-ignore lint/suspicious/noThenProperty: the subject
  const thenable = () => ({ then: (_: unknown, no: (reason: unknown) => void) => no("no") });
  expect(await thrown(thenable)).toBe("no");
});

test("an error may be an argument and a result", async () => {
  const error = new BadRow(2, { column: "c" });
  const back = await executor.submit((e: BadRow) => ({ same: e instanceof BadRow, e }), error);
  expect(back.same).toBe(true);
  expect(back.e).toBeInstanceOf(BadRow);
  expect(back.e.row).toBe(2);
});

test("registerErrorClass names a class that neither side captures", async () => {
  class Registered extends Error {}
  registerErrorClass(Registered, "NamedElsewhere");
  const error = await thrown(() => {
    const NamedElsewhere = class NamedElsewhere extends Error {};
    throw new NamedElsewhere("x");
  });
  expect(error).toBeInstanceOf(Registered);
});

test("a class that this side does not know keeps its name", async () => {
  const error = await thrown(() => {
    class OnlyThere extends Error {}
    throw new OnlyThere("x");
  });
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe("OnlyThere");
});

test("the stack has the worker's frames, then where the task was submitted", async () => {
  const inner = () => {
    throw new Error("deep");
  };
  const outer = () => inner();
  const error = await thrown(outer);
  expect(error.stack).toMatch(
    /^Error: deep\n\s+at inner .*\n\s+at outer .*\n\s+--- submitted to Worker-0 from ---\n\s+at thrown .*errors\.test/,
  );
});

test("an error in callSoonThreadsafe is an uncaught error of the loop", async () => {
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  const uncaught = new Promise((resolve) => process.once("uncaughtException", resolve));
  const broken = () => {
    throw new BadRow(9, { column: "z" });
  };
  await executor.submit(() => callSoonThreadsafe(broken));
  expect(await uncaught).toBeInstanceOf(BadRow);
  for (const listener of before) process.on("uncaughtException", listener);
});

test("a getter that throws costs its property, not the error", async () => {
  const error = await thrown(() => {
    const error = Object.assign(new RangeError("kept"), { code: "E" });
    const getter = { enumerable: true, get: () => never() };
    const never = () => {
      throw new Error("in the getter");
    };
    throw Object.defineProperties(error, { bad: getter });
  });
  expect(error).toBeInstanceOf(RangeError);
  expect(error).toMatchObject({ message: "kept", code: "E" });
  expect(error).not.toHaveProperty("bad");
});

test("a class that only the worker knows keeps its name and its built-in base", async () => {
  const error = await thrown(() => {
    class Local extends RangeError {}
    throw new Local("only there");
  });
  expect(error).toBeInstanceOf(RangeError);
  expect(String(error)).toBe("Local: only there");
});

test("a thrown symbol arrives as its description", async () => {
  expect(await thrown(() => Promise.reject(Symbol("mark")))).toBe("Symbol(mark)");
});

describe("what cannot go along with an error is left out by itself, and the stack says so", () => {
  function fail(): never {
    throw Object.assign(new TypeError("boom", { cause: new RangeError("deep") }), {
      req: { socket() {}, a: 1, list: [1, () => 2], text: Buffer.from("é") },
      response: Promise.resolve(1),
      code: "E_BOOM",
    });
  }

  test("thrown in a thread", async () => {
    type Thrown = Error & { req: unknown };
    const error = (await executor.submit(fail).catch((reason: unknown) => reason)) as Thrown;
    expect(error).toBeInstanceOf(TypeError);
    expect(error.req).toEqual({ a: 1, list: [1, undefined], text: Buffer.from("é") });
    expect(Object.keys(error)).toEqual(["req", "code"]);
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(error.stack).toMatch(
      /stayed in its thread: req\.socket is a function; req\.list\[1\] is a function; response is a Promise ---/,
    );
  });

  test("as an argument, thrown on the loop, and in a circle", async () => {
    const error = Object.assign(new Error("round"), {
      self: undefined as unknown,
      note: { f: () => 1, b: 2 },
    });
    error.self = error;
    const seen = await executor.submit((e: typeof error) => [e.self === e, e.note, e.message], error);
    expect(seen).toEqual([true, { b: 2 }, "round"]);
    const onLoop = () => Promise.reject(error);
    const back = await executor.submit(() => {
      try {
        runCoroutineThreadsafe(onLoop).result();
      } catch (thrown) {
        return (thrown as typeof error).note;
      }
      return undefined;
    });
    expect(back).toEqual({ b: 2 });
  });
});

test("what is nested too deeply in an error, or as what is thrown, does not hide it", async () => {
  const nested = () => {
    let list: unknown[] = [];
    for (let i = 0; i < 5000; i++) list = [list];
    return list;
  };
  const failing = () => {
    throw Object.assign(new RangeError("too far"), { list: nested(), row: 3 });
  };
  const error = (await executor.submit(failing).catch((thrown: unknown) => thrown)) as Error;
  expect(error).toMatchObject({ name: "RangeError", message: "too far", row: 3 });
  expect(error).not.toHaveProperty("list");
  expect(error.stack).toContain("--- stayed in its thread: list is nested too deeply ---");
  const throwing = () => {
    throw nested();
  };
  await expect(executor.submit(throwing)).rejects.toBe("[object Array]");
});
