/**
 * What runs while the snapshot is built. Nothing here may load `node:module`, `node:crypto` or anything
 * with streams in it (`node:v8`, `node:net`): such a snapshot breaks the process that begins with it.
 */

import { keepParsed } from "../parsed-files";
import type { SourceFile } from "../tsc";
import { loadTypeScript } from "../typescript";
import type { BundleLoader } from "./bundle";
import { loadedSymbol } from "./symbol";

/** The two files that tslab makes up for each cell. */
const madeUp = /\/__(?:tslab__|prev__\.d)\.ts$/;

/**
 * Runs `parse` with cuts of strings that are copies. V8 cuts by reference, so that one long name keeps
 * the whole text that it was cut from.
 */
function withCopies<T>(parse: () => T): T {
  const { slice, substring } = String.prototype;
  const copying = (cut: typeof slice) =>
    function (this: string, from?: number, to?: number) {
      return JSON.parse(JSON.stringify(cut.call(this, from, to)));
    };
  Object.assign(String.prototype, { slice: copying(slice), substring: copying(substring as typeof slice) });
  const result = parse();
  Object.assign(String.prototype, { slice, substring });
  return result;
}

/** Loads the compiler, with TypeScript from `file`, and keeps every file that a cell with these imports needs. */
export function fill(file: string, imports: string[]) {
  const { ts, createConverter, conversion } = loadTypeScript(file);
  const converter = withCopies(() => createConverter({ isJS: false, isBrowser: false }));
  const cell = imports.map((name, index) => `import * as module${index} from "${name}";`).join("\n");
  withCopies(() => converter.convert("", `${cell}\n1`));
  const files = conversion.builder!.getProgram().getSourceFiles() as readonly SourceFile[];
  for (const file of files) if (!madeUp.test(file.fileName)) keepParsed(file, ts.sys.readFile);
  converter.close();
  // The program and its checker are of no use to another folder's cells.
  conversion.builder = undefined;
}

/** Leaves what the build has loaded for the starts; `take-loaded` finds it there. */
export function keepLoaded({ cache }: BundleLoader) {
  Object.assign(globalThis, { [loadedSymbol]: cache });
}
