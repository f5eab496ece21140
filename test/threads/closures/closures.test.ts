import { EventEmitter } from "node:events";
import * as os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { constants, runInThisContext } from "node:vm";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { DataCloneError, runCoroutineThreadsafe, ThreadPoolExecutor, toTransfer } from "kernel-helpers";
import { afterAll, describe, expect, test } from "vitest";

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
afterAll(() => executor.shutdown());

const shared = { hello: "world" };
const echo = <T>(value: T) => value;

describe("data arrives as it was, captured, as an argument and as a result", () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const values: [string, unknown][] = [
    ["undefined", undefined],
    ["a bigint", 12n],
    ["nested data", { a: [1, { b: "two" }], c: null }],
    ["a sparse array", Object.assign(new Array(3), { 2: "last" })],
    ["a Map of Sets", new Map([["k", new Set([1, 2])]])],
    ["a Date", new Date(0)],
    ["a RegExp", /a+/gi],
    ["a typed array", new Float64Array([1.5, 2.5])],
    ["an object without prototype", Object.assign(Object.create(null), { a: 1 })],
    ["a cycle", cyclic],
    ["a key called __proto__", JSON.parse('{"__proto__": 1}')],
    ["a registered symbol", Symbol.for("registered")],
    ["a well-known symbol", Symbol.iterator],
  ];
  test.each(values)("%s", async (_name, value) => {
    const captured = value;
    expect(await executor.submit(echo, value)).toEqual(value);
    expect(await executor.submit(() => captured)).toEqual(value);
  });

  test("a Buffer stays a Buffer, also inside of data", async () => {
    const [bytes, isBuffer] = await executor.submit(
      ({ list }: { list: Buffer[] }) => [list[0]!, Buffer.isBuffer(list[0])] as const,
      { list: [Buffer.from("héllo")] },
    );
    expect(isBuffer).toBe(true);
    expect(Buffer.isBuffer(bytes)).toBe(true);
    expect(bytes.toString()).toBe("héllo");
  });

  test("a SharedArrayBuffer is shared", async () => {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    await executor.submit(() => Atomics.add(cell, 0, 7));
    expect(cell[0]).toBe(7);
  });

  test("a MessagePort moves", async () => {
    const { port1, port2 } = new MessageChannel();
    await executor.submit((port: typeof port2) => {
      port.postMessage("from the worker");
      port.close();
    }, port2);
    expect(receiveMessageOnPort(port1)).toEqual({ message: "from the worker" });
    port1.close();
  });

  test("what two captures share stays shared", async () => {
    const a = { shared };
    const b = { shared, f: () => 1 };
    expect(await executor.submit((c: typeof a) => [a.shared === b.shared, c.shared === a.shared], a)).toEqual(
      [true, true],
    );
  });

  test("a Map and a Set that hold functions keep their order", async () => {
    const map = new Map<string, unknown>([
      ["one", () => 1],
      ["two", 2],
    ]);
    const set = new Set<unknown>([() => "first", "second"]);
    const seen = await executor.submit(() => [
      [...map.keys()],
      (map.get("one") as () => number)(),
      [...set].length,
    ]);
    expect(seen).toEqual([["one", "two"], 1, 2]);
  });
});

describe("every form of function works", () => {
  const two = 2;
  function declared(x: number) {
    return x * two;
  }
  function fact(n: number): number {
    return n <= 1 ? 1 : n * fact(n - 1);
  }
  const even = (n: number): boolean => n === 0 || odd(n - 1);
  const odd = (n: number): boolean => n !== 0 && even(n - 1);
  const holder = {
    method(x: number) {
      return x * two;
    },
    async later(x: number) {
      return x * two;
    },
    ["com" + "puted"](x: number) {
      return x * two;
    },
  };
  const withCache = Object.assign((x: number) => withCache.cache.get(x) ?? 0, { cache: new Map([[1, 100]]) });

  test.each<[string, (x: number) => unknown, number, unknown]>([
    ["an arrow", (x) => x * two, 4, 8],
    ["an arrow of an object", (x) => ({ x }), 1, { x: 1 }],
    ["a declaration", declared, 4, 8],
    ["an async arrow", async (x) => x * two, 4, 8],
    ["recursion", fact, 5, 120],
    ["mutual recursion", even, 11, false],
    ["a method without this", holder.method, 4, 8],
    ["an async method", holder.later, 4, 8],
    ["a computed method", holder.computed!, 4, 8],
    ["a default that is captured", (x, y = two) => x + (y as number), 1, 3],
    ["destructuring and rest", (...[x, ...rest]: number[]) => [x, rest.length], 1, [1, 0]],
    ["own properties", withCache, 1, 100],
    [
      "a generator inside",
      (x) => [
        ...(function* () {
          yield x;
          yield two;
        })(),
      ],
      1,
      [1, 2],
    ],
    [
      "shadowing",
      (x) => {
        {
          const two = 10;
          x += two;
        }
        return x + two;
      },
      1,
      13,
    ],
    [
      "loops and labels",
      (x) => {
        let i = 0;
        for (; ; i++) {
          if (i > two) break;
        }
        return i + x;
      },
      0,
      3,
    ],
    [
      "catch, switch and templates",
      (x) => {
        try {
          throw x;
        } catch (e) {
          switch (e) {
            case 1:
              return `${e}${two}`;
          }
        }
        return "";
      },
      1,
      "12",
    ],
  ])("%s", async (_name, fn, argument, expected) => {
    expect(await executor.submit(fn, argument)).toEqual(expected);
  });

  test("a loop variable has the value of its round", async () => {
    const futures = [];
    for (let i = 0; i < 3; i++) futures.push(executor.submit(() => i * 10));
    expect(await Promise.all(futures)).toEqual([0, 10, 20]);
  });

  test("a class with private fields, statics and a superclass", async () => {
    class Base {
      #n = two;
      static made = 0;
      inc() {
        return ++this.#n;
      }
    }
    class Twice extends Base {
      override inc() {
        super.inc();
        return super.inc();
      }
    }
    expect(await executor.submit(() => new Twice().inc() + Base.made)).toBe(4);
  });

  test("a class that extends one of Node", async () => {
    class Bell extends EventEmitter {
      ring() {
        let heard = "";
        this.once("ring", (text: string) => {
          heard = text;
        });
        this.emit("ring", "dong");
        return heard;
      }
    }
    expect(await executor.submit(() => new Bell().ring())).toBe("dong");
  });

  test("functions among the arguments, and in containers", async () => {
    const table = { double: (x: number) => x * two, list: [(x: number) => x + 1] };
    expect(await executor.submit((t: typeof table) => t.list[0]!(t.double(5)), table)).toBe(11);
  });

  test("a captured function comes home as the original", async () => {
    const original = () => 1;
    expect(await executor.submit(() => original)).toBe(original);
  });
});

describe("modules are required again in the worker", () => {
  test("a namespace, a default import and a named function of Node", async () => {
    const { join } = path;
    expect(await executor.submit(() => [os.platform(), path.basename("/a/b"), join("a", "b")])).toEqual([
      os.platform(),
      "b",
      path.join("a", "b"),
    ]);
  });

  test("kernel-helpers itself", async () => {
    const one = () => 1;
    expect(await executor.submit(() => runCoroutineThreadsafe(one).result())).toBe(1);
  });

  test("globals go by name", async () => {
    const { max } = Math;
    const TheMap = Map;
    expect(await executor.submit(() => [max(1, 2), new TheMap() instanceof Map])).toEqual([2, true]);
  });

  test("a traveller is revived by its module", async () => {
    const there = { [toTransfer]: () => ({ module: "node:path", name: "basename", data: "/a/b.txt" }) };
    expect(await executor.submit((x: unknown) => x, there)).toBe("b.txt");
  });
});

test("a class of a built-in module that is loaded late, known only with the prefix node:", async () => {
  expect(await executor.submit(() => 1)).toBe(1);
  const { DatabaseSync } = await import("node:sqlite");
  const answer = await executor.submit(() => {
    const database = new DatabaseSync(":memory:");
    return database.prepare("SELECT 6 * 7 AS answer").get()?.answer;
  });
  expect(answer).toBe(42);
});

test("a class that stays on the loop says why when the thread makes an instance", async () => {
  const Bound = (class {} as new () => object).bind(null) as new () => object;
  await expect(executor.submit(() => new Bound())).rejects.toThrow(/lives on the event loop/);
});

describe("what cannot go is refused before it is queued, with its path and the way out", () => {
  class Account {
    #secret = 1;
    read() {
      return this.#secret;
    }
  }
  const account = new Account();
  const deep = { list: [{ account }] };
  const emitter = new EventEmitter();
  const promise = Promise.resolve(1);
  const weak = [new WeakMap()];
  const iterator = [1][Symbol.iterator]();
  const bound = function (this: unknown) {}.bind(null);
  const unique = Symbol("unique");
  const proxy = new Proxy({}, {});
  const url = new URL("https://example.org/");
  const detached = new Uint8Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const method = {
    n: 1,
    get() {
      return this.n;
    },
  }.get;
  const memoized = promisify(setTimeout.bind(null));

  test.each<[string, () => unknown, RegExp]>([
    ["a class instance", () => account, /account is an instance of Account.*runCoroutineThreadsafe/],
    ["one deep in data", () => deep, /deep\.list\[0\]\.account is an instance of Account/],
    ["an EventEmitter", () => emitter, /emitter is an instance of EventEmitter/],
    ["a Promise", () => promise, /promise is a Promise.*Await it first/],
    ["a WeakMap", () => weak, /weak\[0\] is a WeakMap.*Map/],
    ["an iterator", () => iterator, /iterator is an iterator.*\[\.\.\.iterator\]/],
    ["a unique symbol", () => unique, /Symbol\(unique\).*Symbol\.for/],
    ["a Proxy", () => [proxy], /proxy is a Proxy/],
    ["a URL", () => url, /url is a URL.*url\.href/],
    ["a detached buffer", () => detached, /detached is a detached buffer.*slice/],
  ])("captured: %s", (_name, fn, message) => {
    expect(() => executor.submit(fn)).toThrow(DataCloneError);
    expect(() => executor.submit(fn)).toThrow(message);
  });

  test.each<[string, unknown]>([
    ["a class instance", account],
    ["a Promise", promise],
    ["a URL", url],
    ["a bound function", bound],
    ["a detached buffer", detached],
  ])("as an argument: %s", (_name, value) => {
    expect(() => executor.submit(echo, [value])).toThrow(/The arguments of echo\[0\]\[0\] is/);
  });

  test.each<[string, (...args: never[]) => unknown, RegExp]>([
    ["a bound function", bound, /a bound function.*arrow/],
    ["a method that uses this", method, /get is a method cut off from its `this`/],
  ])("as the task: %s", (_name, fn, message) => {
    expect(() => executor.submit(fn)).toThrow(message);
  });

  test("a function made by Node runs until it needs what cannot go", async () => {
    await expect(executor.submit(memoized)).rejects.toThrow(/lives on the event loop.*is a bound function/);
  });

  test("an arrow that uses this, arguments or super of the code around it", () => {
    class Outer extends Account {
      arrow() {
        return () => this.read();
      }
      parent() {
        return () => super.read();
      }
    }
    function withArguments(..._args: unknown[]) {
      // biome-ignore lint/complexity/noArguments: the subject
      return () => arguments.length;
    }
    expect(() => executor.submit(new Outer().arrow())).toThrow(/uses `this` of the code around it/);
    expect(() => executor.submit(new Outer().parent())).toThrow(/uses `super`/);
    expect(() => executor.submit(withArguments(1))).toThrow(/uses `arguments`/);
  });

  test("import.meta, which is the file's own", async () => {
    // Imported by Node itself: the test runner writes something else for `import.meta`.
    const source = "data:text/javascript,export default () => import.meta.url";
    const loader = { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER };
    const { default: task } = await runInThisContext(`import(${JSON.stringify(source)})`, loader);
    expect(() => executor.submit(task)).toThrow(
      /uses `import\.meta` of its file.*`const url = import\.meta\.url`.*argument/,
    );
  });

  test("a class as the task", () => {
    expect(() => executor.submit(Account as never)).toThrow(
      /Account is a class, which a thread cannot call.*`\(\) => new Account\(…\)\.method\(\)`/,
    );
  });

  test("a variable that has no value yet", () => {
    const early = () => late;
    expect(() => executor.submit(early)).toThrow(/early → late is a variable without a value yet/);
    const late = 1;
    expect(late).toBe(1);
  });

  test("a result, named by its property; the thread lives on", async () => {
    const before = executor.stats.threads;
    await expect(executor.submit(() => ({ a: [Promise.resolve(1)] }))).rejects.toThrow(
      /The result\.a\[0\] is a Promise/,
    );
    expect(await executor.submit(() => 1)).toBe(1);
    expect(executor.stats.threads).toBe(before);
  });

  test("`captures` puts data in its place", async () => {
    const task = executor.with({ captures: { account: { read: () => 5 } } });
    expect(await task.submit(() => account.read())).toBe(5);
  });

  test("a helper that cannot be copied is named on the loop, and says so when it is called directly", async () => {
    const readAccount = () => account.read();
    expect(await executor.submit(() => runCoroutineThreadsafe(readAccount).result())).toBe(1);
    await expect(executor.submit(() => readAccount())).rejects.toThrow(
      /readAccount lives on the event loop.*account is an instance of Account.*runCoroutineThreadsafe\(readAccount/,
    );
  });
});

test("a captured variable is read anew for each task, also one that is called as a compiler calls imports", async () => {
  let total_1 = 1;
  let exports = { total: 1 };
  const read = () => [total_1, exports.total];
  expect(await executor.submit(read)).toEqual([1, 1]);
  total_1 = 2;
  exports = { total: 2 };
  expect(await executor.submit(read)).toEqual([2, 2]);
});
