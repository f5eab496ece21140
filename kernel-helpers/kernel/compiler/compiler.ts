/** tslab's converter, with what its executor does not pass on: diagnostics, and the way back to the source. */

import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Converter, ConvertResult } from "tslab/dist/converter";
import type { Executor } from "tslab/dist/executor";
import type * as jupyterModule from "tslab/dist/jupyter";
import type * as metadataModule from "tslab/dist/metadata";
import { toCharacters, toUnits } from "../cursor";
import type { AnswerRequest, Compilation, CompiledScript, CompileRequest } from "./protocol";
import type { TypeScript } from "./tsc";
import { loadTypeScript } from "./typescript";

/** tslab puts one line, `export {};`, before every cell, and its executor one before the script. */
const added = { source: 1, script: 1 };
const nothingAdded = { source: 0, script: 0 };

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
function scriptName(label: string): string {
  return `${label.replaceAll(" ", "-")}.js`;
}

/** Compiles cells for tslab's executor, and answers questions about code. */
export class Compiler {
  readonly #typescript = loadTypeScript();
  /** Cells that are modules (`@module`), by the path they compile to. */
  readonly #modules = new Map<string, { label: string; source: string }>();
  readonly node: Converter = this.#typescript.createConverter({ isJS: false, isBrowser: false });
  #browser: Converter | undefined;

  #converter({ mode }: metadataModule.CodeMetadata): Converter {
    if (mode !== "browser") return this.node;
    this.#browser ??= this.#typescript.createConverter({ isJS: false, isBrowser: true });
    return this.#browser;
  }

  #metadata(source: string): metadataModule.CodeMetadata {
    const { getCodeMetadata } = require("tslab/dist/metadata") as typeof metadataModule;
    return getCodeMetadata(source);
  }

  /** Creates the first program, so that no cell pays for it. */
  warmUp() {
    this.node.inspect("", "1", 0);
  }

  compile({ label, declarations, source }: CompileRequest): Compilation {
    const metadata = this.#metadata(source);
    const typescript = this.#typescript.ts.version;
    const { module } = metadata;
    if (module) {
      this.#modules.set(join(process.cwd(), `${module}.js`), { label, source });
      const diagnostics = this.#converter(metadata).addModule(module, source, metadata);
      return { metadata, diagnostics, scripts: [], typescript };
    }
    if (metadata.mode === "browser") return { metadata, diagnostics: [], scripts: [], typescript };
    const { converted, scripts } = this.#convert(label, declarations, source);
    return { metadata, diagnostics: converted.diagnostics, converted, scripts, typescript };
  }

  #convert(label: string, declarations: string, source: string) {
    const { maps, state, ts } = this.#typescript;
    maps.clear();
    state.namesOnly = true;
    const result = this.node.convert(declarations, source);
    const scripts = (result.sideOutputs ?? []).flatMap(
      ({ path, data }) => this.#fileScript(path, data) ?? [],
    );
    if (!result.output) return { converted: result, scripts };
    const name = scriptName(label);
    scripts.push({ name, label, source, maps: maps.back(result.output), added });
    const converted: ConvertResult = {
      ...result,
      output: `\n${result.output}\n//# sourceURL=${name}`,
      hasToplevelAwait: result.hasToplevelAwait || hasTopLevelForAwait(ts, source),
    };
    return { converted, scripts };
  }

  /** A `.ts` file beside the notebook, or a cell that is a module, compiled because a cell imports it. */
  #fileScript(path: string, script: string): CompiledScript | undefined {
    const maps = this.#typescript.maps.back(script);
    const cell = this.#modules.get(path);
    if (cell) return { name: path, ...cell, maps, added: { ...nothingAdded, source: added.source } };
    const file = [".ts", ".tsx"].map((end) => path.replace(/\.js$/, end)).find((each) => existsSync(each));
    if (!file) return undefined;
    const label = relative(process.cwd(), file);
    return { name: path, label, source: readFileSync(file, "utf8"), maps, added: nothingAdded };
  }

  /** Answers as tslab's own handler, with positions in characters, as Jupyter counts them. */
  answer({ msg_type, content, declarations }: AnswerRequest): object {
    const { JupyterHandlerImpl } = require("tslab/dist/jupyter") as typeof jupyterModule;
    const about = {
      inspect: (code: string, position: number) =>
        this.#converter(this.#metadata(code)).inspect(declarations, code, position),
      complete: (code: string, position: number) =>
        this.#converter(this.#metadata(code)).complete(declarations, code, position),
    };
    const handler = new JupyterHandlerImpl(about as Partial<Executor> as Executor, false);
    if (msg_type === "is_complete_request") return handler.handleIsComplete(content);
    const { code } = content;
    const cursor_pos = toUnits(code, content.cursor_pos ?? code.length);
    if (msg_type === "inspect_request") return handler.handleInspect({ ...content, cursor_pos });
    const reply = handler.handleComplete({ code, cursor_pos });
    return {
      ...reply,
      cursor_start: toCharacters(code, reply.cursor_start),
      cursor_end: toCharacters(code, reply.cursor_end),
    };
  }
}
