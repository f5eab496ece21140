/**
 * What runs while the snapshot is built. Nothing here may load `node:module`, `node:crypto` or anything
 * with streams in it (`node:v8`, `node:net`): the snapshot then breaks the process, or each worker of it.
 */

import { keepParsed } from "../parsed-files";
import type { SourceFile } from "../tsc";
import { loadTypeScript } from "../typescript";
import type { BundleLoader } from "./bundle";
import { loadedSymbol } from "./symbol";

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

/** Leaves what the build has loaded for the starts; `take-loaded` finds it there. */
export function keepLoaded({ cache }: BundleLoader) {
  Object.assign(globalThis, { [loadedSymbol]: cache });
}
