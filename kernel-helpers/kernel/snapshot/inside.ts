/** What runs inside the snapshot: once while it is built, and then at every start from it. */

import type * as moduleModule from "node:module";
import { dirname } from "node:path";
import { keepParsed } from "../parsed-files";
import type { SourceFile } from "../tsc";
import { loadTypeScript } from "../typescript";
import type { BundleLoader } from "./bundle";

/** The two files that tslab makes up for each cell. */
const madeUp = /\/__(?:tslab__|prev__\.d)\.ts$/;

/** Loads the compiler and keeps every file that a cell with these imports needs. */
export function fill(imports: string[]) {
  const { createConverter, state } = loadTypeScript();
  const converter = createConverter({ isJS: false, isBrowser: false });
  const cell = imports.map((name, index) => `import * as module${index} from "${name}";`).join("\n");
  converter.convert("", `${cell}\n1`);
  const files = state.builder!.getProgram().getSourceFiles() as readonly SourceFile[];
  for (const file of files) if (!madeUp.test(file.fileName)) keepParsed(file);
  converter.close();
  // The program and its checker are of no use to another folder's cells.
  state.builder = undefined;
}

/** Compiles a cell and ends: a new snapshot is used only if it can do that. */
function tryOut(require: NodeJS.Require) {
  const { createCompiler } = require("./compiler") as typeof import("../compiler");
  const { Shared } = require("./bridge") as typeof import("../bridge");
  const { output } = createCompiler(new Shared()).converter.convert("", "const n: number = 1 + 1; n");
  process.exit(output ? 0 : 1);
}

/** Makes what the snapshot has loaded known to Node's own `require`, and starts the kernel there. */
export function run({ cache }: BundleLoader, builtin: NodeJS.Require) {
  const { Module, createRequire } = builtin("node:module") as typeof moduleModule;
  const nodes = createRequire(process.argv[1]!);
  for (const [path, { exports }] of Object.entries(cache) as [string, NodeJS.Module][]) {
    const module = new Module(path);
    Object.assign(module, { filename: path, loaded: true, exports });
    module.paths = (Module as unknown as { _nodeModulePaths(from: string): string[] })._nodeModulePaths(
      dirname(path),
    );
    nodes.cache[path] = module;
  }
  if (process.argv[2] === "--try") tryOut(nodes);
  else (nodes("./start") as typeof import("../start")).start(process.argv[2]!);
}
