/**
 * A light stand-in for TypeScript's watch program. tslab rebuilds a program twice a cell: once to
 * learn the cell's own names and once to check it. TypeScript's own builder also computes the shape
 * of every file at each step, and watches every file under node_modules. This one parses and binds
 * the cell for its names, makes one program a cell, and looks before each whether a file outside
 * node_modules has changed: no watcher is late.
 */

import { statSync } from "node:fs";
import { join } from "node:path";
import { isPackage, stampOf } from "../own-files";
import type { Archive } from "./archive";
import { type CellSource, prefix } from "./cell-source";
import { parsedFile } from "./parsed-files";
import { Resolutions } from "./resolutions";
import type { Builder, CompilerHost, Program, SourceFile, TypeScript, Watch, WatchHost } from "./tsc";

/** A file as it was read; a cell that is a module has no stamp. */
interface Cached {
  file: SourceFile;
  stamp?: string;
}

export interface WatchState {
  namesOnly: boolean;
  builder: Builder | undefined;
  cell: CellSource | undefined;
  archive: Archive;
}

/** The declarations of what every cell finds without an import. */
const cellGlobals = join(__dirname, "..", "cell-globals.d.ts").replaceAll("\\", "/");

class LightWatch implements Watch {
  readonly #files = new Map<string, Cached>();
  readonly #compilerHost: CompilerHost;
  readonly #resolutions: Resolutions;
  #typePackages = "";
  #rootNames: string[];
  #program: Program | undefined;
  #timer: unknown;

  constructor(
    private readonly ts: TypeScript,
    private readonly host: WatchHost,
    private readonly state: WatchState,
  ) {
    this.#rootNames = host.rootFiles;
    this.#compilerHost = ts.createCompilerHostFromProgramHost(host, () => host.options);
    const read = this.#compilerHost.getSourceFile.bind(this.#compilerHost);
    const cached: CompilerHost["getSourceFile"] = (name, languageVersion, onError, again) =>
      this.#sourceFile(name, again === true, () => read(name, languageVersion, onError) as SourceFile);
    this.#compilerHost.getSourceFile = cached;
    this.#compilerHost.getSourceFileByPath = (name, _path, languageVersion, onError, again) =>
      cached(name, languageVersion, onError, again);
    this.#resolutions = new Resolutions(ts, this.#compilerHost, host.options);
    // Asked once a program: it saves reading every package.json of the type packages.
    this.#compilerHost.hasChangedAutomaticTypeDirectiveNames = () => this.#typePackagesChanged();
    this.#typePackagesChanged();
    // tslab learns from the watchers of its two files how to announce a change.
    for (const name of this.#rootNames) {
      host.watchFile(name, () => this.#changed(name));
      this.#bound(name);
    }
    this.#update();
  }

  updateRootFileNames(files: string[]) {
    this.#rootNames = files;
    this.#schedule();
  }

  close() {
    this.#files.clear();
  }

  #sourceFile(name: string, again: boolean, read: () => SourceFile | undefined): SourceFile | undefined {
    const known = this.#files.get(name);
    if (known && !again) return known.file;
    const made = name === this.#rootNames[1] ? this.#cellFile(name) : this.#archived(name);
    const file = made ?? parsedFile(name) ?? read();
    if (file) this.#files.set(name, { file, stamp: isPackage(name) ? undefined : stampOf(name) });
    return file;
  }

  /** The cell, read as its syntax asks for, and with the orders in its first comments: tslab puts a line before them. */
  #cellFile(name: string): SourceFile {
    const { ts, state } = this;
    const text = this.#compilerHost.readFile(name) ?? "";
    const kind = state.cell?.isTsx ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
    const file = ts.createSourceFile(name, text, this.#target, false, kind) as SourceFile;
    const written = state.cell?.file as SourceFile | undefined;
    if (!written || !text.startsWith(prefix + state.cell!.text)) return file;
    file.checkJsDirective = written.checkJsDirective;
    file.pragmas = written.pragmas;
    return Object.assign(file, {
      typeReferenceDirectives: written.typeReferenceDirectives,
      libReferenceDirectives: written.libReferenceDirectives,
    });
  }

  /** A file of what cells have declared, below the one before it. */
  #archived(name: string): SourceFile | undefined {
    const { ts, host } = this;
    const text = this.state.archive.read(name);
    if (text === undefined) return undefined;
    const file = ts.createSourceFile(name, text, this.#target) as SourceFile;
    ts.bindSourceFile(file, host.options);
    const before = this.state.archive.files.indexOf(name) - 1;
    return this.#below(file, this.state.archive.files[before]);
  }

  /** Lets names that a file does not declare be looked for in another one. */
  #below(file: SourceFile | undefined, name: string | undefined): SourceFile | undefined {
    const above = name && this.#sourceFile(name, false, () => undefined);
    return above ? Object.assign(file!, { parent: above }) : file;
  }

  get #target() {
    return this.host.options.target ?? this.ts.ScriptTarget.ES2022;
  }

  #changed(name: string) {
    this.#files.delete(name);
    this.#schedule();
  }

  /** Forgets files of the reader's that have changed; a cell that is a module may have changed unseen. */
  #refresh() {
    for (const [name, { stamp }] of this.#files) {
      if (isPackage(name) || this.#rootNames.slice(0, 2).includes(name)) continue;
      const now = stampOf(name);
      if (now === stamp && (now !== undefined || !this.host.fileExists(name))) continue;
      const text = this.#files.get(name)!.file.text;
      if (now === undefined && this.#compilerHost.readFile(name) === text) continue;
      this.#files.delete(name);
    }
  }

  #schedule() {
    if (this.#timer) this.host.clearTimeout(this.#timer);
    this.#timer = this.host.setTimeout(() => {
      this.#timer = undefined;
      this.#update();
    }, 0);
  }

  /** Whether type packages have come or gone since this was last asked. */
  #typePackagesChanged(): boolean {
    const before = this.#typePackages;
    const roots = this.host.options.typeRoots ?? [];
    this.#typePackages = roots.map((root) => statSync(root, { throwIfNoEntry: false })?.mtimeMs).join();
    if (this.#typePackages === before) return false;
    this.#resolutions.forgetTypeRoots();
    return true;
  }

  #update() {
    this.#refresh();
    this.state.builder = this.#builder();
    this.host.afterProgramCreate?.(this.state.builder);
  }

  #createProgram(): Program {
    const { ts, host } = this;
    this.#resolutions.begin();
    const { files } = this.state.archive;
    const names = [...this.#rootNames, cellGlobals, ...files];
    const program = ts.createProgram(names, host.options, this.#compilerHost, this.#program);
    // tslab gives the cell's file a parent afterwards, and completion needs a checker made before that.
    program.getTypeChecker();
    this.#below(program.getSourceFile(this.#rootNames[0]!) as SourceFile, files.at(-1));
    this.#program = program;
    return program;
  }

  #bound(name: string): SourceFile | undefined {
    const { ts, host } = this;
    const file = this.#compilerHost.getSourceFile(name, this.#target) as SourceFile | undefined;
    if (file && !file.locals) ts.bindSourceFile(file, host.options);
    // tslab exports every name; `declare global` looks like one.
    file?.locals?.delete("__global" as import("typescript").__String);
    return file;
  }

  #builder(): Builder {
    let program: Program | undefined;
    const getProgram = () => {
      program ??= this.#createProgram();
      return program;
    };
    const { namesOnly } = this.state;
    this.state.namesOnly = false;
    return {
      cell: this.#rootNames[1]!,
      getProgram,
      getSourceFile: (name) => {
        const file = program || !namesOnly ? getProgram().getSourceFile(name) : this.#bound(name);
        const ownNames = (file as SourceFile | undefined)?.locals?.size ?? 0;
        // Without names of its own the cell is checked by this very builder.
        if (!program && ownNames === 0 && name === this.#rootNames[1]) getProgram();
        return file as SourceFile | undefined;
      },
      // The files that a cell imports are not tslab's affair: see `imported-files`.
      getAllDependencies: (file) => [file.fileName],
      emit: (...args) => getProgram().emit(...args),
    };
  }
}

/** `ts.createWatchProgram`, light. */
export function createLightWatch(ts: TypeScript, host: WatchHost, state: WatchState): Watch {
  return new LightWatch(ts, host, state);
}
