// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these strings are code
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, Kernel, published, streamText } from "./client";

const folder = mkdtempSync(join(tmpdir(), "kernel-imports-"));
const cwd = join(folder, "project");
const elsewhere = join(folder, "elsewhere");
afterAll(() => rmSync(folder, { recursive: true }));

function put(path: string, text: string | object) {
  const file = join(cwd, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof text === "string" ? text : JSON.stringify(text));
}

const manifest = (more: object) => ({ version: "1.0.0", ...more });

function packages() {
  // As most ES modules are published: nothing for `require`, types beside the code.
  put(
    "node_modules/esm-only/package.json",
    manifest({ name: "esm-only", type: "module", exports: { types: "./index.d.ts", default: "./index.js" } }),
  );
  put("node_modules/esm-only/index.js", "export default (text) => `<${text}>`; export const named = 2;");
  put(
    "node_modules/esm-only/index.d.ts",
    "declare const wrap: (text: string) => string; export default wrap; export const named: number;",
  );
  put(
    "node_modules/import-only/package.json",
    manifest({
      name: "import-only",
      type: "module",
      exports: { import: { types: "./index.d.ts", default: "./index.js" } },
    }),
  );
  put("node_modules/import-only/index.js", "export const only = 'import';");
  put("node_modules/import-only/index.d.ts", "export const only: string;");
  put(
    "node_modules/subpaths/package.json",
    manifest({ name: "subpaths", exports: { "./a/*": { types: "./types/*.d.ts", default: "./lib/*.js" } } }),
  );
  put("node_modules/subpaths/lib/one.js", "exports.one = 1;");
  put("node_modules/subpaths/types/one.d.ts", "export const one: 1;");
  put("node_modules/untyped/package.json", manifest({ name: "untyped", main: "main.js" }));
  put("node_modules/untyped/main.js", "exports.loose = { deep: [1] };");
  put(
    "node_modules/types-hidden/package.json",
    manifest({
      name: "types-hidden",
      types: "./index.d.ts",
      exports: { ".": { import: "./index.mjs", require: "./index.js" } },
    }),
  );
  put("node_modules/types-hidden/index.js", "exports.hidden = 1;");
  put("node_modules/types-hidden/index.mjs", "export const hidden = 1;");
  put("node_modules/types-hidden/index.d.ts", "export const hidden: number;");
  put(
    "node_modules/waits/package.json",
    manifest({ name: "waits", type: "module", exports: { types: "./index.d.ts", default: "./index.js" } }),
  );
  put("node_modules/waits/index.js", "export const late = await Promise.resolve(4);");
  put("node_modules/waits/index.d.ts", "export const late: number;");
  put(
    "node_modules/@scope/pkg/package.json",
    manifest({ name: "@scope/pkg", main: "index.js", types: "index.d.ts" }),
  );
  put("node_modules/@scope/pkg/index.js", "module.exports = function scoped() { return 's' };");
  put("node_modules/@scope/pkg/index.d.ts", "declare function scoped(): string; export = scoped;");
  put(
    "../elsewhere/on-node-path/package.json",
    manifest({ name: "on-node-path", main: "index.js", types: "index.d.ts" }),
  );
  put("../elsewhere/on-node-path/index.js", "exports.far = 'away';");
  put("../elsewhere/on-node-path/index.d.ts", "export const far: string;");
}

function files() {
  put(
    "helper.ts",
    "type Unused = 1\nexport enum Size { Small = 1 }\nexport function fail(): never {\n  throw new Error('helper')\n}\n",
  );
  put(
    "comp.tsx",
    "const React = { createElement: (...all: unknown[]) => all };\nexport const Hello = (name: string) => <b>{name}</b>;\n",
  );
  put("module.mts", "export const fromMts = import.meta.filename.endsWith('module.mts');");
  put("common.cts", "export const fromCts = __filename.endsWith('common.cts');");
  put("plain.cjs", "exports.sum = (a, b) => a + b; exports.here = __dirname;");
  put("plain.js", "export const twice = (x) => x * 2;");
  put("es.mjs", "import { twice } from './plain.js'; export const four = twice(2);");
  put("data.json", { answer: 42 });
  put("slow.ts", "export const slow: number = await new Promise((done) => setTimeout(done, 5, 9));");
  put("uses-slow.ts", "import { slow } from './slow'; export const more = slow + 1;");
  put("broken.ts", "export const ok = 1\nexport const n: number = 'x'\n");
  put("unfinished.ts", "export const ok = {\n");
  put("broken.json", '{ "a": }');
  put("pkg/src/thing.ts", "export const thing = 'mapped';");
  put("deep/a.ts", "import { b } from './b'; export const a = () => b;");
  put("deep/b.ts", "export const b: number = 1;");
}

let kernel: Kernel;
beforeAll(async () => {
  packages();
  files();
  put(
    "tsconfig.json",
    `{ // a comment
    "compilerOptions": { "target": "ES5", "module": "commonjs", "moduleResolution": "node10", "baseUrl": ".", "paths": { "@lib/*": ["pkg/src/*"] } } }`,
  );
  kernel = await Kernel.start({ cwd, env: { NODE_PATH: elsewhere } });
});
afterAll(() => kernel[Symbol.asyncDispose]());

const traceback = ({ reply }: Answer) => stripVTControlCharacters((reply.traceback ?? []).join("\n"));

async function shown(code: string): Promise<string | undefined> {
  const answer = await kernel.run(code);
  expect([code, answer.reply.status, traceback(answer)]).toEqual([code, "ok", ""]);
  return published(answer, "execute_result")?.data["text/plain"];
}

describe("a cell imports", () => {
  test.for([
    ["a package of ES modules only", "import wrap, { named } from 'esm-only'; wrap('x') + named", "'<x>2'"],
    ["the same at run time", "(await import('esm-only')).named", "2"],
    ["a package that exports to import only", "import { only } from 'import-only'; only", "'import'"],
    ["a subpath with a pattern", "import { one } from 'subpaths/a/one'; one", "1"],
    ["a scoped CommonJS package by its default", "import scoped from '@scope/pkg'; scoped()", "'s'"],
    [
      "a package whose types its exports do not name",
      "import { hidden } from 'types-hidden'; hidden.toFixed(1)",
      "'1.0'",
    ],
    ["a package that awaits at its top", "import { late } from 'waits'; late", "4"],
    ["the same at run time", "(await import('waits')).late", "4"],
    ["a package on NODE_PATH", "import { far } from 'on-node-path'; far", "'away'"],
    [
      "the kernel's own package, where it is not installed",
      "import { toThread } from 'kernel-helpers'; typeof toThread",
      "'function'",
    ],
    ["a part of it", "import { gather } from 'kernel-helpers/threads'; typeof gather", "'function'"],
    ["JSON with an attribute", "import d from './data.json' with { type: 'json' }; d.answer", "42"],
    ["TypeScript with what only a compiler can do", "import { Size } from './helper'; Size[1]", "'Small'"],
    ["a file by its whole name", "import { Size as Size2 } from './helper.ts'; Size2.Small", "1"],
    ["TSX", "import { Hello } from './comp'; Hello('x')", "[ 'b', null, 'x' ]"],
    [".mts", "import { fromMts } from './module.mjs'; fromMts", "true"],
    [".cts", "import { fromCts } from './common.cjs'; fromCts", "true"],
    [".cjs", "import { sum } from './plain.cjs'; sum(1, 2)", "3"],
    [".mjs, which imports .js", "import { four } from './es.mjs'; four", "4"],
    ["a file that awaits at its top, through another", "import { more } from './uses-slow'; more", "10"],
    ["by the paths of tsconfig.json", "import { thing } from '@lib/thing'; thing", "'mapped'"],
    ["by its baseUrl", "import { thing as thing2 } from 'pkg/src/thing'; thing2", "'mapped'"],
    ["a folder's file at run time", "const { a: a1 } = await import('./deep/a'); a1()", "1"],
  ] as [string, string, string][])("%s: %s", async ([, code, result]) => {
    expect(await shown(code)).toBe(result);
  });

  test("types of packages, with their errors", async () => {
    expect(
      (await kernel.run("import { named } from 'esm-only'; const s: string = named")).reply.evalue,
    ).toContain("TS2322");
  });

  test("a package without types as any, and is told once how to get some", async () => {
    const answer = await kernel.run("import { loose } from 'untyped'; loose.deep[0]");
    expect(published(answer, "execute_result").data["text/plain"]).toBe("1");
    expect(streamText(answer, "stderr")).toContain("npm install --save-dev @types/untyped");
    expect(streamText(await kernel.run("import { loose } from 'untyped'; loose"), "stderr")).toBe("");
  });

  test("a package that is missing with the way to it", async () => {
    const text = traceback(await kernel.run("import x from 'not-there/sub'"));
    expect(text).toContain("TS2307");
    expect(text).toContain("npm install not-there`");
  });
});

describe("a file that a cell imports", () => {
  test.for([
    ["'./broken'", /^TS2322 at broken\.ts, line 2, column 14: /, "> 2 | export const n: number = 'x'"],
    ["'./unfinished'", /^TS1005 at unfinished\.ts, line 2, column 1: /, "> 2 | "],
    ["'./broken.json'", /^TS1328 at broken\.json, line 1, column \d: /, '> 1 | { "a": }'],
  ] as [string, RegExp, string][])(
    "is named with its line when it is at fault: %s",
    async ([name, evalue, frame]) => {
      const answer = await kernel.run(`import * as faulty from ${name}; faulty`);
      expect(answer.reply.evalue).toMatch(evalue);
      expect(traceback(answer)).toContain(frame);
    },
  );

  test("is named with its own line when it throws", async () => {
    expect(traceback(await kernel.run("import { fail } from './helper'\nfail()"))).toContain(
      "at fail (helper.ts:4:9)",
    );
  });

  test.for([
    ["edited.ts", (n: number) => `export const edited: number = ${n}`],
    ["edited-too.tsx", (n: number) => `export const edited = ${n}`],
    ["edited.mts", (n: number) => `export const edited = ${n}`],
    ["edited.js", (n: number) => `export const edited = ${n}`],
    ["edited-common.js", (n: number) => `exports.edited = ${n}`],
    ["edited.mjs", (n: number) => `export const edited = ${n}`],
    ["edited.cjs", (n: number) => `exports.edited = ${n}`],
    ["edited.json", (n: number) => `{ "edited": ${n} }`],
  ] as [string, (n: number) => string][])("is seen as it is now: %s", async ([name, text]) => {
    const specifier = name.replace(/\.mts$/, ".mjs").replace(/\.tsx?$/, "");
    for (const n of [1, 2, 3]) {
      put(`edits-${name}/${name}`, text(n));
      put(
        `edits-${name}/through.ts`,
        `import { edited } from "./${specifier}"; export const through = () => edited;`,
      );
      const import1 = `import { edited } from './edits-${name}/${specifier}'; edited`;
      expect(await shown(import1)).toBe(String(n));
      expect(await shown(`import { through } from './edits-${name}/through'; through()`)).toBe(String(n));
    }
  });

  test("is seen as it is now though a cell takes it by require, and by others", async () => {
    put(
      "required/index.js",
      "exports.through = require('./dep').edited; exports.runs = (globalThis.ran = (globalThis.ran ?? 0) + 1)",
    );
    for (const n of [1, 2, 3]) {
      put("required/dep.js", `exports.edited = ${n}`);
      const twice = "[require('./required').through, require('./required/index.js').runs]";
      expect(await shown(twice)).toBe(`[ ${n}, ${n} ]`);
    }
  });

  test("runs once while nothing changes", async () => {
    put(
      "once.ts",
      "const all = globalThis as unknown as { runs?: number }; all.runs = (all.runs ?? 0) + 1; export const runs = all.runs;",
    );
    for (let n = 0; n < 3; n++) expect(await shown("import { runs } from './once'; runs")).toBe("1");
  });

  test("that went is missed", async () => {
    put("gone.ts", "export const gone = 1");
    expect(await shown("import { gone } from './gone'; gone")).toBe("1");
    rmSync(join(cwd, "gone.ts"));
    expect((await kernel.run("import { gone } from './gone'; gone")).reply.evalue).toContain("TS2307");
  });

  test("may be a cell that is a module, which may be run again", async () => {
    await kernel.run("/** @module made */\nexport const made: number = 1");
    expect(await shown("import { made } from './made'; made")).toBe("1");
    await kernel.run("/** @module made */\nexport const made: number = 2");
    expect(await shown("import { made } from './made'; made")).toBe("2");
  });
});

describe("a tsconfig.json", () => {
  async function first(text: string, code: string) {
    const own = mkdtempSync(join(folder, "config-"));
    writeFileSync(join(own, "tsconfig.json"), text);
    await using other = await Kernel.start({ cwd: own });
    return await other.run(code);
  }

  test.for([
    ['{ "compilerOptions": { "strict": false } }', "let n: number = null as any; const m: number = null; m"],
    ['{ "compilerOptions": { "strictNullChecks": false } }', "const m: number = null; m"],
    ['{ "compilerOptions": { "noImplicitAny": false } }', "const f = (x) => x; f(1)"],
    ['{ "compilerOptions": { "lib": ["es2020", "dom"] } }', "typeof document"],
    [
      '{ "compilerOptions": { "experimentalDecorators": true } }',
      "function dec(target: Function) {} @dec class Old {} Old.name",
    ],
    [
      '{ "extends": "./not-there.json", "compilerOptions": { "strict": false } }',
      "const m: number = null; m",
    ],
    [
      '{ "compilerOptions": { "jsx": "react", "jsxFactory": "h" } }',
      "const h = (...all: unknown[]) => all; <b />",
    ],
  ])("says how a cell is compiled: %s", async ([text, code]) => {
    const { reply } = await first(text!, code!);
    expect([reply.status, reply.evalue]).toEqual(["ok", undefined]);
  });

  test("that says which library there is, is believed", async () => {
    const { reply } = await first('{ "compilerOptions": { "lib": ["es2020"] } }', "[1].findLast((n) => n)");
    expect(reply.evalue).toContain("TS2550");
  });

  test.for([
    ['{ "compilerOptions": { "strict": ', "tsconfig.json, line 1: "],
    ['{ "compilerOptions": { "lib": ["es1999"] } }', "tsconfig.json"],
    ['{ "extends": "./not-there.json" }', "not-there.json"],
  ])("that is broken is one sentence, and the cell runs: %s", async ([text, said]) => {
    const answer = await first(text!, "1 + 1");
    expect(answer.reply.status).toBe("ok");
    const lines = streamText(answer, "stderr").trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(said);
  });
});
