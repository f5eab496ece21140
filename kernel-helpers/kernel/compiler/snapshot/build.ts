/**
 * Builds the start-up snapshot: `node build.js`. Does nothing if the present one still matches. A
 * snapshot appears under its name only when it is complete and has been seen to run a cell, so builds
 * at the same time, or one that is stopped halfway, leave nothing that a start could fall over.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder, usableCacheFolder } from "../../cache-folder";
import { requireTypeScript } from "../../typescript-package";
import { bundled, bundleScript } from "./bundle";
import {
  builder,
  type Manifest,
  manifestFile,
  readManifest,
  type Stamp,
  snapshotFolder,
  stamp,
  thisNode,
  usableSnapshot,
} from "./manifest";
import { minified } from "./minify";

/** Imports whose types most notebooks need. */
const commonImports = ["node:fs", "kernel-helpers"];

/**
 * What the compiler's process needs of tslab besides the compiler and can be in a snapshot. The rest of tslab
 * needs `node:module` or `node:crypto`, which cannot, and is small.
 */
const parts = ["tslab/dist/metadata"];

/** The modules that all this brings in, in this process as in the snapshot. */
function modulesInside(): string[] {
  require("./inside");
  const { loadTypeScript, replacedFile } = require("../typescript") as typeof import("../typescript");
  loadTypeScript(requireTypeScript().file);
  for (const part of parts) require(part);
  const outside = [__filename, replacedFile()];
  return Object.keys(require.cache).filter((path) => !outside.includes(path) && !path.endsWith(".node"));
}

function scriptFor(modules: string[]): string {
  const text = (value: unknown) => JSON.stringify(value);
  const main = `
const inside = bundle.load(${text(require.resolve("./inside"))}).exports;
inside.fill(${text(requireTypeScript().file)}, ${text(commonImports)});
for (const part of ${text(parts.map((part) => require.resolve(part)))}) bundle.load(part);
inside.keepLoaded(bundle);
`;
  return bundleScript(modules.map(bundled), main);
}

function runNode(args: string[], cwd: string): string {
  const { status, stderr, stdout } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
  if (status === 0) return stdout;
  throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr}`);
}

/** Removes what no start can be about to use: all blobs but the new one and the one before it. */
function removeOthers(kept: (string | undefined)[]) {
  const isBlob = (name: string) => name.endsWith(".blob");
  const paths = readdirSync(snapshotFolder())
    .filter(isBlob)
    .map((name) => join(snapshotFolder(), name));
  for (const path of paths) if (!kept.includes(path)) rmSync(path, { force: true });
}

/** Makes the blob in a folder of its own and sees it run. */
function make(work: string, modules: string[]): string {
  const [script, blob] = [join(work, "script.js"), join(work, "made.blob")];
  writeFileSync(script, minified(scriptFor(modules)));
  // Type packages are found from there.
  const cwd = projectFolder();
  runNode(["--snapshot-blob", blob, "--build-snapshot", script], cwd);
  runNode(["--snapshot-blob", blob, require.resolve("./try-out")], cwd);
  return blob;
}

/** Gives the blob and its manifest their names, in this order. */
function publish(made: string, files: Stamp[], work: string) {
  const before = readManifest()?.blob;
  const blob = join(snapshotFolder(), `${process.pid}-${Date.now()}.blob`);
  renameSync(made, blob);
  const manifest: Manifest = { node: thisNode, files: [...files, stamp(blob)], blob };
  const text = join(work, "current.json");
  writeFileSync(text, JSON.stringify(manifest));
  renameSync(text, manifestFile());
  removeOthers([blob, before]);
}

function build() {
  if (!usableCacheFolder("snapshot")) throw new Error(`${snapshotFolder()} cannot be written to`);
  const work = mkdtempSync(join(snapshotFolder(), "build-"));
  try {
    const modules = modulesInside();
    const files = [process.execPath, builder, ...modules].map(stamp);
    publish(make(work, modules), files, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (require.main === module && !usableSnapshot()) build();
