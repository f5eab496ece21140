/** The parts of TypeScript that its published types leave out; the package is pinned to one version. */

import type * as typescript from "typescript";

export type TypeScript = Omit<typeof typescript, "createWatchCompilerHost" | "createWatchProgram"> & {
  nullTransformationContext: typescript.TransformationContext;
  isExpressionNode(node: typescript.Node): boolean;
  getTouchingPropertyName(file: typescript.SourceFile, position: number): typescript.Node;
  findPrecedingToken(position: number, file: typescript.SourceFile): typescript.Node | undefined;
  findNextToken(
    before: typescript.Node,
    parent: typescript.Node,
    file: typescript.SourceFile,
  ): typescript.Node | undefined;
  SymbolDisplay: {
    getSymbolDisplayPartsDocumentationAndSymbolKind(
      checker: typescript.TypeChecker,
      symbol: typescript.Symbol,
      file: typescript.SourceFile,
      container: typescript.Node | undefined,
      place: typescript.Node,
    ): Pick<typescript.QuickInfo, "displayParts" | "documentation" | "tags"> & { symbolKind: string };
  };
  SignatureHelp: {
    getSignatureHelpItems(
      program: Program,
      file: typescript.SourceFile,
      position: number,
      reason: typescript.SignatureHelpTriggerReason | undefined,
      token: object,
    ): typescript.SignatureHelpItems | undefined;
  };
  Completions: {
    getCompletionsAtPosition(
      host: object,
      program: Program,
      log: () => void,
      file: typescript.SourceFile,
      position: number,
      preferences: typescript.UserPreferences,
      trigger: undefined,
      kind: typescript.CompletionTriggerKind,
      token: object,
      format: undefined,
      includeSymbol: boolean,
    ): typescript.CompletionInfo | undefined;
  };
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
interface ResolutionLoader {
  nameAndMode: {
    getName(entry: unknown): string;
    getMode(entry: unknown, file: typescript.SourceFile | undefined, options: CompilerOptions): unknown;
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

export interface SourceFile extends typescript.SourceFile {
  locals?: typescript.SymbolTable;
  /** `// @ts-nocheck` and its opposite. */
  checkJsDirective?: object;
  /** `/** @jsx h *\/` and its kin. */
  pragmas: ReadonlyMap<string, unknown>;
}

/** What tslab hands to `createWatchProgram`. */
export interface WatchHost {
  rootFiles: string[];
  options: CompilerOptions;
  afterProgramCreate?(builder: Builder): void;
  watchFile(path: string, changed: (path: string) => void): { close(): void };
  fileExists(path: string): boolean;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** What tslab asks of a builder program. */
export interface Builder {
  /** The name of the cell's file. */
  cell: string;
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
