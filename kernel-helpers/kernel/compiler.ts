/**
 * tslab's converter, unmodified, on a TypeScript that has been given a lighter watch program and
 * asked for source maps. The converter reads TypeScript through `require`, so what the launcher puts
 * into the module cache before loading it is what it gets.
 */

import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Converter, ConvertResult } from "tslab/dist/converter";
import type { Shared } from "./bridge";
import { cellScripts, originThrough } from "./cell-scripts";
import type { Builder, TypeScript, WatchHost } from "./tsc";
import { createLightWatch, type Laziness } from "./watch-program";

/** tslab puts one line, `export {};`, before every cell. */
const addedLines = 1;
const mapComment = /\n?\/\/# sourceMappingURL=.*\s*$/;

/** The maps of one compilation, by the text of its output. */
type MapsByOutput = Map<string, string>;

/** What the two steps of a conversion left behind: TypeScript -> ES module -> CommonJS. */
class Maps {
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

/** Lets a builder hand its output over without the map's comment, and keeps the map. */
function keepingMaps(builder: Builder, maps: Maps): Builder {
  const emit: Builder["emit"] = (file, write, ...rest) => {
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
      ...rest,
    );
  };
  return { ...builder, emit };
}

/** TypeScript as the converter shall see it. */
function adapted(ts: TypeScript, maps: Maps, laziness: Laziness): TypeScript {
  return {
    ...ts,
    createWatchCompilerHost: (rootNames, options, ...rest) =>
      ts.createWatchCompilerHost(rootNames, { ...options, sourceMap: true }, ...rest),
    createWatchProgram(host: WatchHost) {
      const announce = host.afterProgramCreate?.bind(host);
      host.afterProgramCreate = (builder) => announce?.(keepingMaps(builder, maps));
      return createLightWatch(ts, host, laziness);
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

/** Puts the adapted TypeScript where tslab's own `require` finds it. */
function replaceTypeScript(maps: Maps, laziness: Laziness): TypeScript {
  const fromTslab = require.resolve("tslab/dist/main");
  const file = require.resolve("@tslab/typescript-for-tslab", { paths: [fromTslab] });
  const ts: TypeScript = require(file);
  require.cache[file]!.exports = adapted(ts, maps, laziness);
  return ts;
}

/** Whether a source has a `for await` outside every function. */
function hasTopLevelForAwait(ts: TypeScript, source: string): boolean {
  if (!/\bfor\s+await\b/.test(source)) return false;
  const visit = (node: import("@tslab/typescript-for-tslab").Node): boolean => {
    if (ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node)) return false;
    if (ts.isForOfStatement(node) && node.awaitModifier) return true;
    return ts.forEachChild(node, visit) ?? false;
  };
  return visit(ts.createSourceFile("cell.ts", source, ts.ScriptTarget.Latest));
}

/** The name of a cell's script. It has no space: V8 ignores a `sourceURL` with one. */
export function scriptName(label: string): string {
  return `${label.replaceAll(" ", "-")}.js`;
}

/** Compiles cells for tslab's executor, and keeps what the executor does not pass on. */
export interface Compiler {
  readonly version: string;
  readonly converter: Converter;
  /** Names the cell that is converted next. */
  begin(label: string): void;
  /** What the compiler had against the cell since `begin`. */
  readonly diagnostics: ConvertResult["diagnostics"];
}

class NamingCompiler implements Compiler {
  readonly version: string;
  readonly converter: Converter;
  diagnostics: ConvertResult["diagnostics"] = [];
  #label = "";
  /** Cells that are modules (`@module`), by the path they compile to. */
  readonly #modules = new Map<string, { label: string; source: string }>();
  readonly #ts: TypeScript;
  readonly #maps = new Maps();
  readonly #laziness: Laziness = { namesOnly: false };

  constructor(shared: Shared) {
    this.#ts = replaceTypeScript(this.#maps, this.#laziness);
    this.version = this.#ts.version;
    const { createConverter } = require("tslab/dist/converter") as typeof import("tslab/dist/converter");
    const converter = createConverter({ isJS: false, isBrowser: false });
    this.converter = {
      ...converter,
      convert: (declarations, source) => shared.protect(() => this.#convert(converter, declarations, source)),
      addModule: (name, source, meta) => {
        this.#modules.set(join(process.cwd(), `${name}.js`), { label: this.#label, source });
        this.diagnostics = converter.addModule(name, source, meta);
        return this.diagnostics;
      },
    };
  }

  begin(label: string) {
    this.#label = label;
    this.diagnostics = [];
  }

  #convert(converter: Converter, declarations: string, source: string): ConvertResult {
    this.#maps.clear();
    this.#laziness.namesOnly = true;
    const result = converter.convert(declarations, source);
    this.diagnostics = result.diagnostics;
    for (const { path, data } of result.sideOutputs ?? []) this.#registerFile(path, data);
    if (!result.output) return result;
    const name = scriptName(this.#label);
    const origin = originThrough(this.#maps.back(result.output), addedLines);
    // The executor puts a line of its own before the script.
    const script = {
      label: this.#label,
      source,
      origin: (line: number, column: number) => origin(line - 1, column),
    };
    cellScripts().set(name, script);
    return {
      ...result,
      output: `\n${result.output}\n//# sourceURL=${name}`,
      hasToplevelAwait: result.hasToplevelAwait || hasTopLevelForAwait(this.#ts, source),
    };
  }

  /** A `.ts` file beside the notebook, or a cell that is a module, compiled because a cell imports it. */
  #registerFile(path: string, script: string) {
    const cell = this.#modules.get(path);
    const origin = originThrough(this.#maps.back(script), cell ? addedLines : 0);
    const file = [".ts", ".tsx"].map((end) => path.replace(/\.js$/, end)).find((each) => existsSync(each));
    if (!cell && !file) return;
    const { label, source } = cell ?? {
      label: relative(process.cwd(), file!),
      source: readFileSync(file!, "utf8"),
    };
    cellScripts().set(path, { label, source, origin });
  }
}

/** Loads TypeScript and tslab's converter; takes about a second, so call it once the sockets are up. */
export function createCompiler(shared: Shared): Compiler {
  return new NamingCompiler(shared);
}
