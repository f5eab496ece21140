/** The light watch program finds and emits what a new program of TypeScript's own does, for every cell of the fixture notebook. */

import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Compiler } from "../../kernel-helpers/kernel/compiler/compiler";
import type * as resolutions from "../../kernel-helpers/kernel/compiler/resolutions";
import type {
  Builder,
  SourceFile,
  TypeScript,
  Watch,
  WatchHost,
} from "../../kernel-helpers/kernel/compiler/tsc";
import type * as watchProgram from "../../kernel-helpers/kernel/compiler/watch-program";
import { root } from "./client";
import { codeCells, folderOf } from "./fixture-notebook";

const folder = join(root, "kernel-helpers", "dist", "kernel", "compiler");
const require = createRequire(join(folder, "host.js"));

type State = watchProgram.WatchState;

/** A watch program that makes a new program at each change, from nothing but files of packages that were read before. */
class NewPrograms implements Watch {
  readonly #ofPackages = new Map<string, SourceFile>();
  #roots: string[];
  #timer: unknown;

  constructor(
    private readonly ts: TypeScript,
    private readonly host: WatchHost,
    private readonly state: State,
  ) {
    this.#roots = host.rootFiles;
    for (const name of this.#roots) host.watchFile(name, () => this.#later());
    this.#update();
  }

  updateRootFileNames(files: string[]) {
    this.#roots = files;
    this.#later();
  }

  close() {}

  #later() {
    if (this.#timer) this.host.clearTimeout(this.#timer);
    this.#timer = this.host.setTimeout(() => {
      this.#timer = undefined;
      this.#update();
    }, 0);
  }

  #cell(file: SourceFile): SourceFile {
    const { cell } = this.state;
    if (!cell || !file.text.includes(cell.text)) return file;
    const kind = cell.isTsx ? this.ts.ScriptKind.TSX : this.ts.ScriptKind.TS;
    const read = this.ts.createSourceFile(file.fileName, file.text, file.languageVersion, false, kind);
    const { checkJsDirective, pragmas, typeReferenceDirectives, libReferenceDirectives } =
      cell.file as SourceFile;
    return Object.assign(read, {
      checkJsDirective,
      pragmas,
      typeReferenceDirectives,
      libReferenceDirectives,
    });
  }

  #program() {
    const { ts, host } = this;
    const compilerHost = ts.createCompilerHostFromProgramHost(host, () => host.options);
    const read = compilerHost.getSourceFile.bind(compilerHost);
    compilerHost.getSourceFile = (name, ...more) => {
      const isPackage = name.includes("/node_modules/");
      const known = isPackage ? this.#ofPackages.get(name) : undefined;
      const file = known ?? (read(name, ...more) as SourceFile | undefined);
      if (isPackage && file) this.#ofPackages.set(name, file);
      return file && name === this.#roots[1] ? this.#cell(file) : file;
    };
    compilerHost.getSourceFileByPath = undefined;
    const { Resolutions } = require("./resolutions") as typeof resolutions;
    new Resolutions(ts, compilerHost, host.options);
    const globals = join(folder, "..", "cell-globals.d.ts").replaceAll("\\", "/");
    return ts.createProgram([...this.#roots, globals], host.options, compilerHost);
  }

  #update() {
    const program = this.#program();
    program.getTypeChecker();
    this.state.namesOnly = false;
    for (const name of this.#roots) {
      (program.getSourceFile(name) as SourceFile).locals?.delete("__global" as import("typescript").__String);
    }
    const builder: Builder = {
      cell: this.#roots[1]!,
      getProgram: () => program,
      getSourceFile: (name) => program.getSourceFile(name) as SourceFile,
      getAllDependencies: (file) => [file.fileName],
      emit: (...args) => program.emit(...args),
    };
    this.state.builder = builder;
    this.host.afterProgramCreate?.(builder);
  }
}

/** A compiler with modules of its own. */
function newCompiler(isLight: boolean): Compiler {
  for (const path of Object.keys(require.cache)) {
    if (path.startsWith(folder) || /[\\/]tslab[\\/]dist[\\/]/.test(path)) delete require.cache[path];
  }
  const swapped = require("./watch-program") as {
    createLightWatch: (...args: [TypeScript, WatchHost, State]) => Watch;
  };
  if (!isLight) swapped.createLightWatch = (...args) => new NewPrograms(...args);
  const module = require("./compiler") as { Compiler: new () => Compiler };
  return new module.Compiler();
}

/** What comes of each cell, compiled behind those before it that have no fault. */
function compiled(isLight: boolean, sources: readonly string[]): object[] {
  const compiler = newCompiler(isLight);
  let declarations = "";
  return sources.map((source, index) => {
    const { faults, converted } = compiler.compile({
      kind: "compile",
      label: `cell ${index}`,
      declarations,
      source,
    });
    if (converted) declarations = converted.declOutput ?? "";
    return { source, faults, output: converted?.output, declarations };
  });
}

const before = process.cwd();
afterAll(() => process.chdir(before));

test("for the cells of the fixture notebook", { timeout: 300_000 }, () => {
  process.chdir(folderOf("language"));
  const sources = codeCells("language").map(({ source }) => source);
  expect(compiled(true, sources)).toEqual(compiled(false, sources));
});
