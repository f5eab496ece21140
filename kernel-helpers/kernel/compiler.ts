/** tslab's converter, with what its executor does not pass on: diagnostics, and the way back to the source. */

import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Converter, ConvertResult } from "tslab/dist/converter";
import type { Shared } from "./bridge";
import { cellScripts, originThrough } from "./cell-scripts";
import type { TypeScript } from "./tsc";
import { loadTypeScript } from "./typescript";

/** tslab puts one line, `export {};`, before every cell. */
const addedLines = 1;

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
  readonly #typescript = loadTypeScript();

  constructor(shared: Shared) {
    this.version = this.#typescript.ts.version;
    const converter = this.#typescript.createConverter({ isJS: false, isBrowser: false });
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
    this.#typescript.maps.clear();
    this.#typescript.state.namesOnly = true;
    const result = converter.convert(declarations, source);
    this.diagnostics = result.diagnostics;
    for (const { path, data } of result.sideOutputs ?? []) this.#registerFile(path, data);
    if (!result.output) return result;
    const name = scriptName(this.#label);
    const origin = originThrough(this.#typescript.maps.back(result.output), addedLines);
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
      hasToplevelAwait: result.hasToplevelAwait || hasTopLevelForAwait(this.#typescript.ts, source),
    };
  }

  /** A `.ts` file beside the notebook, or a cell that is a module, compiled because a cell imports it. */
  #registerFile(path: string, script: string) {
    const cell = this.#modules.get(path);
    const origin = originThrough(this.#typescript.maps.back(script), cell ? addedLines : 0);
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
