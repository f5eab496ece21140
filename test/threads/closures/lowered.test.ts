/** Code as compilers leave it for older engines, and bundlers: as TypeScript, esbuild and swc emit it. */
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";
import { ThreadPoolExecutor } from "kernel-helpers";
import { afterAll, expect, test } from "vitest";

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
afterAll(() => executor.shutdown());

/** What `return` of the text gives, compiled as a CommonJS file would be. */
function emitted(text: string): (...args: unknown[]) => unknown {
  const compile = compileFunction(text, ["require"]) as (require: NodeJS.Require) => never;
  return compile(createRequire(import.meta.url));
}

const awaiter = `var __awaiter = function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};`;

const callHelpers = `function _call_super(_this, derived, args) {
        derived = _get_prototype_of(derived);
        return Reflect.construct(derived, args || [], _get_prototype_of(_this).constructor);
    }
    function _get_prototype_of(o) {
        _get_prototype_of = Object.setPrototypeOf ? Object.getPrototypeOf : function getPrototypeOf(o) {
            return o.__proto__ || Object.getPrototypeOf(o);
        };
        return _get_prototype_of(o);
    }
    function _create_class(Constructor, props) {
        for (const each of props) Object.defineProperty(Constructor.prototype, each.key, { configurable: true, ...each });
        return Constructor;
    }
    function _inherits(subClass, superClass) {
        subClass.prototype = Object.create(superClass.prototype, { constructor: { value: subClass, writable: true, configurable: true } });
        Object.setPrototypeOf(subClass, superClass);
    }`;

const privateFields = `var __classPrivateFieldGet = function (receiver, state, kind, f) {
        if (typeof state === "function" ? receiver !== state || !f : !state.has(receiver)) throw new TypeError("Cannot read private member");
        return kind === "m" ? f : kind === "a" ? f.call(receiver) : f ? f.value : state.get(receiver);
    };
    var _Counter_instances, _Counter_n, _Counter_bump;
    class Counter {
        constructor() { _Counter_instances.add(this); _Counter_n.set(this, 40); }
        inc() { return __classPrivateFieldGet(this, _Counter_instances, "m", _Counter_bump).call(this); }
    }
    _Counter_n = new WeakMap(), _Counter_instances = new WeakSet(), _Counter_bump = function _Counter_bump() {
        _Counter_n.set(this, __classPrivateFieldGet(this, _Counter_n, "f") + 1);
        return __classPrivateFieldGet(this, _Counter_n, "f");
    };`;

test.each<[string, string, unknown]>([
  [
    "private fields and methods in a WeakMap and a WeakSet",
    `${privateFields} return () => new Counter().inc();`,
    41,
  ],
  [
    "the same while an instance of the class lives on the loop",
    `${privateFields} globalThis.kept = new Counter(); return () => new Counter().inc();`,
    41,
  ],
  [
    "esbuild's private statics, in a WeakMap whose key is the class",
    `var _made; const _A = class _A { static make() { return _made.get(_A) + 1; } };
     _made = new WeakMap(); _made.set(_A, 41); let A = _A; return () => A.make();`,
    42,
  ],
  [
    "an async generator of swc's, with a method by a well-known symbol",
    `function Items(n) { this.n = n; }
     Items.prototype[Symbol.iterator] = function () { return [this.n][Symbol.iterator](); };
     Object.defineProperty(Items, "of", { value: function of(n) { return new Items(n); } });
     return (x) => [...Items.of(x), Object.keys(Items).length];`,
    [21, 0],
  ],
  [
    "an async arrow of TypeScript's for es2015, which hands on `this`",
    `"use strict"; ${awaiter} const two = 2;
     function outer() { return (x) => __awaiter(this, void 0, void 0, function* () { return (yield x) * two; }); }
     return outer();`,
    42,
  ],
  [
    "the same with tslib",
    `const tslib_1 = { __awaiter: (() => { ${awaiter} return __awaiter; })() };
     return ((x) => (0, tslib_1.__awaiter)(this, void 0, void 0, function* () { return (yield x) * 2; }));`,
    42,
  ],
  [
    "an async method that hands on `this`",
    `${awaiter} return { load(x) { return __awaiter(this, void 0, void 0, function* () { return (yield x) * 2; }); } }.load;`,
    42,
  ],
  [
    "esbuild's async arrow",
    `var __async = (__this, __arguments, generator) => new Promise((resolve) => {
       const it = generator.apply(__this, __arguments);
       const step = (x) => x.done ? resolve(x.value) : Promise.resolve(x.value).then((v) => step(it.next(v)));
       step(it.next());
     });
     return (x) => __async(this, null, function* () { return (yield x) * 2; });`,
    42,
  ],
  [
    "a helper that puts another function in its own place",
    `function _size(x) { return (_size = function (y) { return y * 2; })(x); } return (x) => _size(x);`,
    42,
  ],
  ["the same as the task", `function _size(x) { _size = (y) => y * 2; return _size(x); } return _size;`, 42],
  [
    "a function that only has a parameter of its own name",
    `function size(x) { { const size = x; return size * 2; } } return size;`,
    42,
  ],
  [
    "static fields that were taken out of the class",
    `class A { static kept = [1]; static of() { return A.made + A.kept.length + A.twice(1); } }
     A.made = 39; A.twice = (x) => x * 2; return () => A.of();`,
    42,
  ],
  [
    "a tagged template of es5, used before",
    `var cooked; const tag = (strings, ...values) => strings.raw.join("|") + values;
     const make = (cooked, raw) => Object.defineProperty(cooked, "raw", { value: raw });
     return (x) => tag(cooked || (cooked = make(["a", "b"], ["a", "b"])), x);`,
    "a|b21",
  ],
  [
    "a class of TypeScript's for es5",
    `var Counter = /** @class */ (function () {
        function Counter(n) { this.n = n; }
        Counter.prototype.inc = function () { return ++this.n; };
        Object.defineProperty(Counter.prototype, "twice", { get: function () { return this.n * 2; }, enumerable: false, configurable: true });
        Counter.from = function (n) { return new Counter(n); };
        return Counter;
     }());
     return (x) => { const c = Counter.from(x); c.inc(); return [c.twice, c instanceof Counter, c.constructor === Counter]; };`,
    [44, true, true],
  ],
  [
    "classes of swc's for es5, with a superclass",
    `${callHelpers}
     var Animal = /*#__PURE__*/ function() {
        function Animal(name) { this.name = name; }
        _create_class(Animal, [{ key: "say", value: function say() { return this.name + "!"; } }]);
        return Animal;
     }();
     Animal.kingdom = "animals";
     var Dog = /*#__PURE__*/ function(Animal) {
        _inherits(Dog, Animal);
        function Dog() { return _call_super(this, Dog, ["rex"]); }
        _create_class(Dog, [{ key: "bark", value: function bark() { return this.say() + "!"; } }]);
        return Dog;
     }(Animal);
     return () => [new Dog().bark(), new Dog() instanceof Animal, Dog.kingdom, Object.keys(Dog.prototype)];`,
    ["rex!!", true, "animals", []],
  ],
  [
    "a class that extends one of es5",
    `function Old() { this.n = 1; }
     Old.prototype.get = function () { return this.n; };
     class New extends Old { get() { return super.get() + 1; } }
     return () => new New().get();`,
    2,
  ],
  [
    "the import() of swc for CommonJS, with its cache in use",
    `function _getRequireWildcardCache(nodeInterop) {
        if (typeof WeakMap !== "function") return null;
        var cacheBabelInterop = new WeakMap();
        var cacheNodeInterop = new WeakMap();
        return (_getRequireWildcardCache = function(nodeInterop) { return nodeInterop ? cacheNodeInterop : cacheBabelInterop; })(nodeInterop);
     }
     function _interop_require_wildcard(obj, nodeInterop) {
        if (!nodeInterop && obj && obj.__esModule) return obj;
        var cache = _getRequireWildcardCache(nodeInterop);
        if (cache && cache.has(obj)) return cache.get(obj);
        var newObj = { __proto__: null };
        for (var key in obj) if (key !== "default" && Object.prototype.hasOwnProperty.call(obj, key)) newObj[key] = obj[key];
        newObj.default = obj;
        if (cache) cache.set(obj, newObj);
        return newObj;
     }
     const task = async () => (await Promise.resolve().then(() => _interop_require_wildcard(require("node:path")))).basename("/a/b");
     task();
     return task;`,
    "b",
  ],
  [
    "what esbuild keeps of built-in prototypes",
    `var __hasOwnProp = Object.prototype.hasOwnProperty; var __slice = Array.prototype.slice;
     return () => [__hasOwnProp.call({ a: 1 }, "a"), __slice.call([1, 2], 1)];`,
    [true, [2]],
  ],
])("%s", async (_name, text, expected) => {
  const task = emitted(text);
  expect(await task(21)).toEqual(expected);
  expect(await executor.submit(task, 21)).toEqual(expected);
});

test("an arrow that uses the `this` it hands on is refused", () => {
  const task = emitted(`${awaiter} function outer() {
    return () => __awaiter(this, void 0, void 0, function* () { return this.x; }); } return outer.call({ x: 1 });`);
  expect(() => executor.submit(task)).toThrow(/uses `this` of the code around it/);
});

test("a captured weak collection has the entries whose keys go along, and their values", async () => {
  const [key, inner, stays] = [{ id: 1 }, { id: 2 }, new (class Account {})()];
  const notes = new WeakMap<object, unknown>([
    [key, inner],
    [inner, () => "found"],
    [stays, stays],
  ]);
  const marks = new WeakSet<object>([key, stays]);
  const seen = await executor.submit(() => {
    const found = notes.get(key) as object;
    return [found, (notes.get(found) as () => string)(), marks.has(key), marks.has(found)];
  });
  expect(seen).toEqual([{ id: 2 }, "found", true, false]);
});

test("a weak collection as an argument or a result is refused", () => {
  const size = (map: WeakMap<object, string>) => map.has({});
  expect(() => executor.submit(size, new WeakMap())).toThrow(
    /The arguments of size\[0\] is a WeakMap.*Send a Map/,
  );
});

test("the require of an ES module's bundle says what to do instead", async () => {
  const task =
    emitted(`var __require = /* @__PURE__ */ ((x) => new Proxy(x, { get: (a, b) => a[b] }))(function(x) {
    throw Error('Dynamic require of "' + x + '" is not supported');
  }); return () => __require("node:os").EOL;`);
  await expect(executor.submit(task)).rejects.toThrow(
    /__require is a Proxy of a function.*await import\(…\)/,
  );
});

test("nothing is said of a helper that assigns to itself", async () => {
  const warnings: string[] = [];
  const listen = (warning: Error) => warnings.push(warning.message);
  process.on("warning", listen);
  await executor.submit(
    emitted(`function _size(x) { return (_size = (y) => y)(x); } return (x) => _size(x);`),
    1,
  );
  process.off("warning", listen);
  expect(warnings).toEqual([]);
});
