// biome-ignore-all lint/complexity/noStaticOnlyClass: statics are the subject
/** A class means in a thread what it means on the loop, or is refused by name. */
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";
import { ThreadPoolExecutor } from "kernel-helpers";
import ts from "typescript";
import { afterAll, describe, expect, test } from "vitest";

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
afterAll(() => executor.shutdown());

const warnings: string[] = [];
const listen = (warning: Error) => warnings.push(warning.message);
process.on("warning", listen);
afterAll(() => process.off("warning", listen));

/** The `task` that a TypeScript program exports, as the compiler emits it. */
function compiled(source: string, options: ts.CompilerOptions): () => unknown {
  const compilerOptions = { module: ts.ModuleKind.CommonJS, ...options };
  const { outputText } = ts.transpileModule(source, { compilerOptions });
  const exports: { task?: () => unknown } = {};
  compileFunction(outputText, ["exports", "require"])(exports, createRequire(import.meta.url));
  return exports.task!;
}

/** What a task gives on the loop, which is what it is to give in a thread. */
async function sameInThread(task: () => unknown): Promise<unknown> {
  const here = await task();
  expect(await executor.submit(task)).toEqual(here);
  return here;
}

const logged = `function logged(f: any, _c: any): any { return function (this: any, ...a: any[]) { return f.apply(this, a) + 100; }; }`;

const standard: [string, string, unknown][] = [
  [
    "a method with private state and a field of the constructor",
    `${logged} class Calc { #k = 3; constructor(private base = 5) {} @logged add(x: number) { return this.base + x + this.#k; } }
     export const task = () => new Calc().add(1);`,
    109,
  ],
  [
    "a static method, a getter and a setter",
    `${logged} class Box { static #n = 1; #v = 1; @logged static size() { return Box.#n; }
       @logged get v() { return this.#v; } @logged set v(x: number) { this.#v = x; } }
     export const task = () => { const b = new Box(); b.v = 7; return [Box.size(), b.v]; };`,
    [101, 107],
  ],
  [
    "a field, whose initializer runs once",
    `const twice = (_v: undefined, _c: any) => (x: number) => x * 2;
     class Point { @twice x = 21; @twice static y = 4; }
     export const task = () => [new Point().x, Point.y];`,
    [42, 8],
  ],
  [
    "an accessor",
    `const plus = ({ get, set }: any, _c: any) => ({ get(this: any) { return get.call(this) + 1; }, set(this: any, x: number) { set.call(this, x * 10); }, init: (x: number) => x + 0.5 });
     class Cell { @plus accessor v = 2; }
     export const task = () => { const c = new Cell(); const before = c.v; c.v = 4; return [before, c.v]; };`,
    [3.5, 41],
  ],
  [
    "addInitializer, which binds",
    `const bound = (_f: any, c: any) => { c.addInitializer(function (this: any) { this[c.name] = this[c.name].bind(this); }); };
     class Bell { n = 3; @bound ring() { return this.n; } }
     export const task = () => { const { ring } = new Bell(); return ring(); };`,
    3,
  ],
  [
    "a class that its decorator replaces",
    `function counted<T extends new (...a: any[]) => object>(C: T, _c: any) { return class extends C { count = 5; twice() { return this.count * 2; } }; }
     @counted class Item { static made = 1; size = 2; }
     export const task = () => { const i = new Item() as any; return [i.twice(), i.size, Item.made, i instanceof Item, Item.name]; };`,
    [10, 2, 1, true, ""],
  ],
  [
    "a decorator that notes the class in a registry",
    `const registry: Record<string, any> = {}; const named = (name: string) => (C: any, _c: any) => { registry[name] = C; };
     @named("a") class A { hi() { return "a" + Object.keys(registry).length; } } @named("b") class B extends A { hi() { return "b" + super.hi(); } }
     export const task = () => [new registry.a().hi(), new registry.b().hi(), new B() instanceof A];`,
    ["a2", "ba2", true],
  ],
  [
    "a decorated subclass that calls super",
    `${logged} class Base { get() { return 1; } } class Sub extends Base { @logged get() { return super.get() + 1; } }
     export const task = () => new Sub().get();`,
    102,
  ],
];

describe.each([
  ["es2022", { target: ts.ScriptTarget.ES2022 }],
  ["es2015", { target: ts.ScriptTarget.ES2015 }],
  ["esnext fields by assignment", { target: ts.ScriptTarget.ES2022, useDefineForClassFields: false }],
] as const)("standard decorators, compiled for %s", (_target, options) => {
  test.each(standard)("%s", async (_name, source, expected) => {
    expect(await sameInThread(compiled(source, options))).toEqual(expected);
  });
});

test("a decorated private method works where it is lowered, and is refused by name where it is not", async () => {
  const source = `${logged} class Safe { #n = 1; @logged #read() { return this.#n; } read() { return this.#read(); } }
    export const task = () => new Safe().read();`;
  expect(await sameInThread(compiled(source, { target: ts.ScriptTarget.ES2015 }))).toBe(101);
  const native = compiled(source, { target: ts.ScriptTarget.ES2022 });
  await expect(executor.submit(native)).rejects.toThrow(/#read lives on the event loop.*Private field '#n'/);
});

const experimental: [string, string, unknown][] = [
  [
    "a method",
    `function logged(_t: any, _k: string, d: PropertyDescriptor) { const f = d.value; d.value = function (this: any, ...a: any[]) { return f.apply(this, a) + 100; }; }
     class Calc { k = 3; @logged add(x: number) { return x + this.k; } }
     export const task = () => new Calc().add(1);`,
    104,
  ],
  [
    "a sealed class, and a method that is enumerable",
    `const sealed = (C: Function) => { Object.seal(C); Object.seal(C.prototype); };
     const shown = (_t: any, _k: string, d: PropertyDescriptor) => { d.enumerable = true; };
     @sealed class Note { static kind = "note"; @shown text() { return "x"; } }
     export const task = () => [Object.isSealed(Note), Object.isSealed(Note.prototype), Object.keys(Note.prototype), new Note().text(), Note.kind];`,
    [true, true, ["text"], "x", "note"],
  ],
  [
    "a class that uses its own name",
    `const mark = (C: any) => { C.marked = true; }; @mark class Self { static of() { return [new Self() instanceof Self, (Self as any).marked]; } }
     export const task = () => Self.of();`,
    [true, true],
  ],
];

describe.each([
  ["es2022", ts.ScriptTarget.ES2022],
  ["es2015", ts.ScriptTarget.ES2015],
  ["es5", ts.ScriptTarget.ES5],
] as const)("experimentalDecorators, compiled for %s", (_name, target) => {
  test.each(experimental)("%s", async (_title, source, expected) => {
    const task = compiled(source, { target, experimentalDecorators: true });
    expect(await sameInThread(task)).toEqual(expected);
  });
});

test("`using`, as TypeScript lowers it", async () => {
  const source = `const log: string[] = []; const open = (n: string) => ({ n, [Symbol.dispose]() { seen.push("closed " + n); } });
    const seen: string[] = [];
    export const task = () => { seen.length = 0; { using a = open("a"), b = open("b"); seen.push(a.n + b.n); } return [...seen]; };`;
  expect(await sameInThread(compiled(source, { target: ts.ScriptTarget.ES2022 }))).toEqual([
    "ab",
    "closed b",
    "closed a",
  ]);
});

describe("statics have their present values", () => {
  test("values and containers", async () => {
    class Config {
      static level = 1;
      static tags: string[] = [];
      static readonly made = Math.random();
      static later?: string;
    }
    Config.level = 5;
    Config.tags.push("prod");
    Config.later = "set";
    await sameInThread(() => [Config.level, Config.tags, Config.made, Config.later]);
  });

  test("private ones, with what refers to the class itself", async () => {
    class Counter {
      static #count = 1;
      static #of = new Map<string, unknown>([["self", Counter]]);
      static #make = () => new this();
      static bump() {
        return ++Counter.#count;
      }
      static read() {
        return [Counter.#count, Counter.#of.get("self") === Counter, Counter.#make() instanceof Counter];
      }
    }
    Counter.bump();
    expect(await sameInThread(() => Counter.read())).toEqual([2, true, true]);
  });

  test("arrows that use `this` or private names of the class", async () => {
    class Money {
      #cents: number;
      static of = (cents: number) => new this(cents);
      static cents = (money: Money) => money.#cents;
      constructor(cents: number) {
        this.#cents = cents;
      }
    }
    expect(await sameInThread(() => Money.cents(Money.of(5)))).toBe(5);
  });

  test("instances of the class and of its subclasses, as in an enumeration", async () => {
    class Colour {
      static readonly all: Colour[] = [];
      static readonly red = new Colour("red");
      static readonly blue = new Colour("blue");
      uses = 0;
      constructor(readonly name: string) {
        Colour.all.push(this);
      }
      describe() {
        return `${this.name} ${this.uses}`;
      }
    }
    Colour.blue.uses = 3;
    const seen = await sameInThread(() => [
      Colour.blue.describe(),
      Colour.all.length,
      Colour.all[0] === Colour.red,
      Colour.red instanceof Colour,
    ]);
    expect(seen).toEqual(["blue 3", 2, true, true]);
  });

  test("a static block does not run again, and what cannot go says so when it is read", async () => {
    let runs = 0;
    class Db {
      static connection = Promise.resolve("open");
      static runs = 0;
      static {
        Db.runs = ++runs;
      }
      static size() {
        return 4;
      }
    }
    expect(await executor.submit(() => [Db.size(), Db.runs])).toEqual([4, 1]);
    await expect(executor.submit(() => String(Db.connection))).rejects.toThrow(
      /Db\.connection is a Promise, which cannot go to another thread/,
    );
  });

  test("static members called name and length, and none of the text's own", async () => {
    class Odd {
      static name = "odd";
      static length = 7;
    }
    class Named {
      static name() {
        return "method";
      }
    }
    expect(await sameInThread(() => [Odd.name, Odd.length, Named.name()])).toEqual(["odd", 7, "method"]);
  });
});

describe("prototypes as they are", () => {
  test("patched, added, deleted and replaced members", async () => {
    class Tool {
      #n = 1;
      run() {
        return this.#n;
      }
      gone() {}
      get size() {
        return 1;
      }
    }
    const { run } = Tool.prototype;
    Tool.prototype.run = function () {
      return run.call(this) + 10;
    };
    delete (Tool.prototype as { gone?: unknown }).gone;
    Object.defineProperty(Tool.prototype, "size", { get: () => 9, configurable: true });
    Object.assign(Tool.prototype, {
      alias: run,
      added() {
        return (this as unknown as Tool).run();
      },
    });
    expect(
      await sameInThread(() => {
        const tool = new Tool() as Tool & { alias(): number; added(): number };
        return [tool.run(), tool.alias(), tool.added(), tool.size, "gone" in tool];
      }),
    ).toEqual([11, 1, 11, 9, false]);
  });

  test("mixins, computed names and symbols", async () => {
    const key = `na${"me"}`;
    // biome-ignore lint/suspicious/noExplicitAny: TypeScript asks it of mixins
    type Class = new (...args: any[]) => object;
    const Sized = <T extends Class>(Base: T, n: number) =>
      class extends Base {
        size() {
          return n;
        }
        [key]() {
          return "computed";
        }
        *[Symbol.iterator]() {
          yield n;
        }
      };
    class Empty {
      empty = true;
    }
    const Two = Sized(Empty, 2);
    const Three = Sized(Two, 3);
    expect(
      await sameInThread(() => {
        const [two, three] = [new Two(), new Three()];
        return [two.size(), three.size(), three instanceof Two, [...three], three[key]!()];
      }),
    ).toEqual([2, 3, true, [3], "computed"]);
  });

  test("a computed key whose variable is not kept is refused with the way out", async () => {
    const makeLost = (key: string) =>
      class Lost {
        [key]() {
          return 1;
        }
      };
    const Lost = makeLost("m");
    await expect(executor.submit(() => new Lost().m!())).rejects.toThrow(
      /computed key from `key`, a variable that was read once.*name `key` in one of its methods/,
    );
    const makeKept = (key: string) =>
      class Kept {
        [key]() {
          return key;
        }
      };
    const Kept = makeKept("m");
    expect(await executor.submit(() => new Kept().m!())).toBe("m");
  });

  test("`extends null`, and a class that captures its own subclass", async () => {
    class Bare extends (null as never as { new (): object }) {
      static kind = "bare";
    }
    const kinds: Record<string, new () => Shape> = {};
    class Shape {
      static of(name: string) {
        return new kinds[name]!();
      }
      edges() {
        return 0;
      }
    }
    kinds.square = class Square extends Shape {
      override edges() {
        return 4;
      }
    };
    expect(
      await sameInThread(() => [
        Bare.kind,
        Object.getPrototypeOf(Bare.prototype),
        Shape.of("square").edges(),
      ]),
    ).toEqual(["bare", null, 4]);
  });

  test("a method that was taken from its object is called with another one, as wrappers do", async () => {
    const { get } = {
      get(this: { n: number }) {
        return this.n;
      },
    };
    const wrapped = (self: { n: number }) => get.call(self) + 1;
    expect(await sameInThread(() => wrapped({ n: 5 }))).toBe(6);
  });

  test("methods of objects keep their `this`, and what is under a well-known symbol", async () => {
    const counter = {
      n: 1,
      get() {
        return this.n;
      },
      [Symbol.toPrimitive]: () => 42,
    };
    expect(await sameInThread(() => [counter.get(), Number(counter)])).toEqual([1, 42]);
  });
});

describe("subclasses of what is built in", () => {
  class Vec extends Float64Array {
    sum() {
      return this.reduce((a, b) => a + b, 0);
    }
  }
  class Day extends Date {}
  class Pattern extends RegExp {}
  class Bytes extends ArrayBuffer {}
  class Dict extends Map<number, number> {}
  class Bag extends Set {}
  class List extends Array {}
  class Later extends Promise<number> {}
  class View extends (DataView as never as new (buffer: ArrayBuffer) => object) {}
  class Num extends Number {}
  class Chunk extends (Buffer as never as new () => Uint8Array) {}
  const chunk = Object.setPrototypeOf(Buffer.from("a"), Chunk.prototype) as Chunk;

  test.each<[string, object]>([
    ["Vec", new Vec(2)],
    ["Day", new Day(0)],
    ["Pattern", new Pattern("a")],
    ["Bytes", new Bytes(2)],
    ["Dict", new Dict()],
    ["Bag", new Bag()],
    ["List", new List()],
    ["View", new View(new ArrayBuffer(2))],
    ["Num", new Num(1)],
    ["Chunk", chunk],
  ])("an instance of %s is refused by name: as argument, captured, and as result", async (name, value) => {
    const refused = new RegExp(`is an instance of ${name}, which cannot go`);
    expect(() => executor.submit((x) => x, value)).toThrow(refused);
    expect(() => executor.submit((x) => x, { list: [value] })).toThrow(refused);
    expect(() => executor.submit(() => value)).toThrow(refused);
  });

  test("a Promise's, in its own words", () => {
    expect(() => executor.submit((x) => x, Later.resolve(1))).toThrow(/is a Promise.*Await it first/);
  });

  test("as a result they are refused, too", async () => {
    await expect(executor.submit(() => ({ v: new Vec(2) }))).rejects.toThrow(
      /The result\.v is an instance of Vec, which cannot go/,
    );
  });

  test("the classes themselves work in the thread", async () => {
    expect(
      await sameInThread(() => [
        new Vec([1, 2]).sum(),
        new Day(0) instanceof Date,
        new Dict([[1, 2]]).get(1),
        List.from([1]).length,
      ]),
    ).toEqual([3, true, 2, 1]);
  });
});

test("of all this nothing is said to be lost", () => {
  expect(warnings.filter((each) => /lost/.test(each))).toEqual([]);
});
