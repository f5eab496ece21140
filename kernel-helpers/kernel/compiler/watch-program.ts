/**
 * A light stand-in for TypeScript's watch program. tslab rebuilds a program twice a cell: once to
 * learn the cell's own names and once to check it. TypeScript's own builder also computes the shape
 * of every file at each step, and watches every file under node_modules. This one parses and binds
 * the cell for its names, makes one program a cell, and watches only files outside node_modules.
 */

import { statSync } from "node:fs";
import { parsedFile } from "./parsed-files";
import { Resolutions } from "./resolutions";
import type { Builder, CompilerHost, Path, Program, SourceFile, TypeScript, Watch, WatchHost } from "./tsc";

interface Cached {
  file: SourceFile | undefined;
  watcher?: { close(): void };
}

/** How often a file is asked whether it changed where the system cannot tell by itself. */
const pollingMs = 250;

export interface WatchState {
  /** Whether the next builder may leave its program for later: only its files' own names are wanted. */
  namesOnly: boolean;
  /** The builder of the last change. */
  builder?: Builder;
}

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
    for (const name of this.#rootNames) this.#bound(name);
    this.#update();
  }

  updateRootFileNames(files: string[]) {
    this.#rootNames = files;
    this.#schedule();
  }

  close() {
    for (const { watcher } of this.#files.values()) watcher?.close();
    this.#files.clear();
  }

  #sourceFile(name: string, again: boolean, read: () => SourceFile): SourceFile | undefined {
    const known = this.#files.get(name);
    if (known?.file && !again) return known.file;
    const file = parsedFile(name) ?? read();
    this.#files.set(name, { file, watcher: known?.watcher ?? this.#watch(name, file) });
    return file;
  }

  #watch(name: string, file: SourceFile | undefined) {
    if (!file || name.includes("/node_modules/")) return undefined;
    return this.host.watchFile(name, () => this.#changed(name), pollingMs);
  }

  #changed(name: string) {
    const known = this.#files.get(name);
    if (known) known.file = undefined;
    this.#schedule();
  }

  #schedule() {
    if (this.#timer) this.host.clearTimeout(this.#timer);
    this.#timer = this.host.setTimeout(() => {
      this.#timer = undefined;
      this.#update();
    }, pollingMs);
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
    this.state.builder = this.#builder();
    this.host.afterProgramCreate?.(this.state.builder);
  }

  #createProgram(): Program {
    const { ts, host } = this;
    this.#resolutions.begin();
    const program = ts.createProgram(this.#rootNames, host.options, this.#compilerHost, this.#program);
    // tslab gives the cell's file a parent afterwards, and completion needs a checker made before that.
    program.getTypeChecker();
    this.#program = program;
    return program;
  }

  #bound(name: string): SourceFile | undefined {
    const { ts, host } = this;
    const target = host.options.target ?? ts.ScriptTarget.ES2022;
    const file = this.#compilerHost.getSourceFile(name, target) as SourceFile | undefined;
    if (file && !file.locals) ts.bindSourceFile(file, host.options);
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
      getProgram,
      getSourceFile: (name) => {
        const file = program || !namesOnly ? getProgram().getSourceFile(name) : this.#bound(name);
        const ownNames = (file as SourceFile | undefined)?.locals?.size ?? 0;
        // Without names of its own the cell is checked by this very builder.
        if (!program && ownNames === 0 && name === this.#rootNames[1]) getProgram();
        return file as SourceFile | undefined;
      },
      getAllDependencies: (file) => allDependencies(getProgram(), file),
      emit: (...args) => getProgram().emit(...args),
    };
  }
}

/** What a file refers to, by resolved names. */
function references(file: SourceFile): string[] {
  const names: string[] = [];
  file.resolvedModules?.forEach(({ resolvedModule }) => {
    if (resolvedModule) names.push(resolvedModule.resolvedFileName);
  });
  for (const { fileName } of file.referencedFiles) names.push(fileName);
  file.resolvedTypeReferenceDirectiveNames?.forEach(({ resolvedTypeReferenceDirective: found }) => {
    if (found?.resolvedFileName) names.push(found.resolvedFileName);
  });
  return names;
}

/** A file and everything it reaches, in the order in which TypeScript's own builder walks. */
function allDependencies(program: Program, from: SourceFile): string[] {
  const seen = new Map<Path, SourceFile>();
  const stack = [from];
  while (stack.length > 0) {
    const file = stack.pop()!;
    if (seen.has(file.resolvedPath)) continue;
    seen.set(file.resolvedPath, file);
    for (const name of references(file)) {
      const next = program.getSourceFile(name) as SourceFile | undefined;
      if (next) stack.push(next);
    }
  }
  return [...seen.values()].map(({ fileName }) => fileName);
}

/** `ts.createWatchProgram`, light. */
export function createLightWatch(ts: TypeScript, host: WatchHost, state: WatchState): Watch {
  return new LightWatch(ts, host, state);
}
