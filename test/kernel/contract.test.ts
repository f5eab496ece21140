import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "./client";

const require = createRequire(join(root, "kernel-helpers", "package.json"));

/**
 * Loads tslab's converter on a compiler that writes down what it is asked for, and prints the names that
 * TypeScript's own package has not; then the options that tslab asks for.
 */
const spy = `
  const fork = require.resolve("@tslab/typescript-for-tslab", { paths: [require.resolve("tslab/package.json")] });
  const ts = require("typescript");
  const asked = new Set();
  let options;
  const own = {
    getDefaultTypeRoots: () => undefined,
    createWatchCompilerHost: (names, given, ...rest) => { options = given; return ts.createWatchCompilerHost(names, given, ...rest); },
  };
  const exports = new Proxy({ ...ts, ...own }, { get: (target, name) => { asked.add(name); return target[name]; } });
  require.cache[fork] = { id: fork, filename: fork, loaded: true, exports };
  const source = require("fs").readFileSync(require.resolve("tslab/dist/converter"), "utf8");
  for (const [, name] of source.matchAll(/\\bts\\.(\\w+)/g)) asked.add(name);
  const { createConverter } = require("tslab/dist/converter");
  const converter = createConverter({ isJS: false, isBrowser: false });
  const missing = [...asked].filter((name) => typeof name === "string" && !(name in ts) && !["__esModule", "default", "then", "map"].includes(name));
  console.log(JSON.stringify({ missing: missing.sort(), options: Object.keys(options).sort(), converter: Object.keys(converter).sort() }));
  process.exit();`;

describe("what the adapter takes from tslab's inside", () => {
  const { missing, options, converter } = JSON.parse(
    execFileSync(process.execPath, ["-e", spy], { cwd: join(root, "kernel-helpers"), encoding: "utf8" }),
  );

  test("its converter asks TypeScript for what the adapter gives, and for nothing else that TypeScript lacks", () => {
    expect(missing).toEqual([
      "getDefaultTypeRoots",
      "getNullTransformationContext",
      "getPreEmitDiagnosticsOfFiles",
      "getQuickInfoAtPosition",
    ]);
  });

  test("its options are the ones that the kernel knows", () => {
    expect(options).toEqual(
      `allowJs checkJs declaration disableTopLevelAwait esModuleInterop experimentalDecorators jsx lib module
      moduleResolution newLine noImplicitUseStrict outDir resolveJsonModule rootDir skipLibCheck target typeRoots`.split(
        /\s+/,
      ),
    );
  });

  test("its converter and its executor have the parts that the launcher uses", () => {
    expect(converter).toEqual(["addModule", "close", "complete", "convert", "inspect"]);
    const source = require("node:fs").readFileSync(require.resolve("tslab/dist/executor"), "utf8");
    expect(source).toContain("globalThis.__tslab__ = x");
    expect(source).toContain("(__tslab__.exports, __tslab__.require)");
    expect(source).toContain('require("./metadata")');
  });

  test("its version is the pinned one", () => {
    const { version } = require("tslab/package.json");
    expect(version).toBe(require("./package.json").peerDependencies.tslab);
  });
});
