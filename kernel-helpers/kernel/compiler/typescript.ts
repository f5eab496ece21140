/**
 * tslab's TypeScript, given a lighter watch program and asked for source maps. tslab's converter reads
 * TypeScript through `require`, so what lies in the module cache before it is loaded is what it gets.
 */

import type * as converterModule from "tslab/dist/converter";
import { qualifyShorthands } from "./shorthand";
import type { Builder, TypeScript, WatchHost } from "./tsc";
import { createLightWatch, type WatchState } from "./watch-program";

const mapComment = /\n?\/\/# sourceMappingURL=.*\s*$/;

/** The maps of one compilation, by the text of its output. */
type MapsByOutput = Map<string, string>;

/** What the two steps of a conversion left behind: TypeScript -> ES module -> CommonJS. */
export class Maps {
  readonly emitted: MapsByOutput = new Map();
  /** CommonJS text to the module it was made from and its map. */
  readonly transpiled = new Map<string, { from: string; map: string }>();

  clear() {
    this.emitted.clear();
    this.transpiled.clear();
  }

  /** The maps from a finished script back to its TypeScript, the last step first. */
  back(script: string): string[] | undefined {
    const last = this.transpiled.get(script);
    const first = this.emitted.get(last?.from ?? "");
    return last && first ? [last.map, first] : undefined;
  }
}

/** Lets a builder hand its output over without the map's comment, and keeps the map; `{ name }` of an earlier cell is qualified. */
function adaptedBuilder(ts: TypeScript, builder: Builder, maps: Maps): Builder {
  const emit: Builder["emit"] = (file, write, token, onlyDeclarations, transformers) => {
    const before = () => qualifyShorthands(ts, builder.getProgram().getTypeChecker());
    // The compiler writes a file's map before the file.
    const mapOf = new Map<string, string>();
    return builder.emit(
      file,
      (name, text, ...more) => {
        if (name.endsWith(".map")) {
          mapOf.set(name, text);
          return;
        }
        const clean = text.replace(mapComment, "\n");
        const map = mapOf.get(`${name}.map`);
        if (map) maps.emitted.set(clean, map);
        write?.(name, clean, ...more);
      },
      token,
      onlyDeclarations,
      transformers && { ...transformers, before: [before()] },
    );
  };
  return { ...builder, emit };
}

/** TypeScript as the converter shall see it. */
function adapted(ts: TypeScript, maps: Maps, state: WatchState): TypeScript {
  return {
    ...ts,
    createWatchCompilerHost: (rootNames, options, ...rest) =>
      ts.createWatchCompilerHost(rootNames, { ...options, sourceMap: true }, ...rest),
    createWatchProgram(host: WatchHost) {
      const announce = host.afterProgramCreate?.bind(host);
      host.afterProgramCreate = (builder) => announce?.(adaptedBuilder(ts, builder, maps));
      return createLightWatch(ts, host, state);
    },
    transpileModule(input, options) {
      const compilerOptions = { ...options.compilerOptions, sourceMap: true };
      const output = ts.transpileModule(input, { ...options, compilerOptions });
      const outputText = output.outputText.replace(mapComment, "\n");
      if (output.sourceMapText) maps.transpiled.set(outputText, { from: input, map: output.sourceMapText });
      return { ...output, outputText };
    },
  };
}

/** The compiler of this process: there is one, because the converter keeps the TypeScript it was loaded with. */
export interface Adapted {
  ts: TypeScript;
  maps: Maps;
  state: WatchState;
  createConverter: typeof converterModule.createConverter;
}

let loaded: Adapted | undefined;

/** Loads TypeScript, puts the adapted one where tslab's own `require` finds it, and loads tslab's converter. */
export function loadTypeScript(): Adapted {
  if (loaded) return loaded;
  const file = require.resolve("@tslab/typescript-for-tslab", {
    paths: [require.resolve("tslab/dist/main")],
  });
  const ts: TypeScript = require(file);
  // TypeScript remembers the folder of its first question, which a start-up snapshot must not.
  ts.sys.getCurrentDirectory = () => process.cwd();
  const maps = new Maps();
  const state: WatchState = { namesOnly: false };
  require.cache[file]!.exports = adapted(ts, maps, state);
  const { createConverter } = require("tslab/dist/converter") as typeof converterModule;
  loaded = { ts, maps, state, createConverter };
  return loaded;
}
