/**
 * The parts of tslab's TypeScript that its published types leave out. tslab itself is built on them,
 * and both packages are pinned to one version.
 */

import type * as typescript from "@tslab/typescript-for-tslab";

export type TypeScript = Omit<typeof typescript, "createWatchCompilerHost" | "createWatchProgram"> & {
  inferredTypesContainingFile: string;
  createModuleResolutionLoader: CreateResolutionLoader;
  createTypeReferenceResolutionLoader: CreateResolutionLoader;
  createCompilerHostFromProgramHost(host: WatchHost, options: () => CompilerOptions): CompilerHost;
  bindSourceFile(file: SourceFile, options: CompilerOptions): void;
  createWatchCompilerHost(rootNames: string[], options: CompilerOptions, ...rest: unknown[]): WatchHost;
  createWatchProgram(host: WatchHost): Watch;
};
export type CompilerOptions = typescript.CompilerOptions;
export interface CompilerHost extends typescript.CompilerHost {
  hasChangedAutomaticTypeDirectiveNames?(): boolean;
}
/** Resolves what one file asks for. */
export interface ResolutionLoader {
  nameAndMode: {
    getName(entry: unknown): string;
    getMode(entry: unknown, file: typescript.SourceFile | undefined): unknown;
  };
  resolve(name: string, mode: unknown): Resolution;
}
/** A module or a type package that was found, or not. */
export type Resolution = typescript.ResolvedModuleWithFailedLookupLocations &
  typescript.ResolvedTypeReferenceDirectiveWithFailedLookupLocations;
type CreateResolutionLoader = (
  asker: string,
  redirect: unknown,
  options: CompilerOptions,
  host: typescript.CompilerHost,
  cache: unknown,
) => ResolutionLoader;
export type Program = typescript.Program;
export type Path = typescript.Path;

export interface SourceFile extends typescript.SourceFile {
  locals?: typescript.SymbolTable;
  resolvedPath: Path;
  resolvedModules?: {
    forEach(visit: (resolution: { resolvedModule?: { resolvedFileName: string } }) => void): void;
  };
  resolvedTypeReferenceDirectiveNames?: {
    forEach(
      visit: (resolution: { resolvedTypeReferenceDirective?: { resolvedFileName?: string } }) => void,
    ): void;
  };
}

/** What tslab hands to `createWatchProgram`. */
export interface WatchHost {
  rootFiles: string[];
  options: CompilerOptions;
  afterProgramCreate?(builder: Builder): void;
  watchFile(path: string, changed: (path: string) => void, pollingInterval?: number): { close(): void };
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** What tslab asks of a builder program. */
export interface Builder {
  getProgram(): Program;
  getSourceFile(fileName: string): SourceFile | undefined;
  getAllDependencies(file: SourceFile): string[];
  emit: Program["emit"];
}

/** What tslab asks of a watch program. */
export interface Watch {
  updateRootFileNames(files: string[]): void;
  close(): void;
}
