/**
 * TypeScript in the place of tslab's own, which is of 2023: what the converter of an unmodified tslab asks for and
 * TypeScript has under other names, a lighter watch program, and the kernel's own options and transformations.
 * tslab reads its compiler through `require`, so what lies in the module cache is what it gets.
 */

import type * as converterModule from "tslab/dist/converter";
import type { Diagnostic, SourceFile as PublicSourceFile, TypeChecker } from "typescript";
import { Archive } from "./archive";
import type { CellSource } from "./cell-source";
import { findDiagnostics, untypedPackage } from "./find-diagnostics";
import { cellOptions } from "./options";
import { transformCell } from "./transform-cell";
import type { Builder, CompilerOptions, Program, TypeScript, WatchHost } from "./tsc";
import { createLightWatch } from "./watch-program";

const mapComment = /\n?\/\/# sourceMappingURL=.*\s*$/;

/** What one conversion is about, and what it leaves behind: tslab passes on little of either. */
export class Conversion {
  /** Whether the next builder may leave its program for later: only its files' own names are wanted. */
  namesOnly = false;
  /** The builder of the last change. */
  builder: Builder | undefined;
  cell: CellSource | undefined;
  readonly archive = new Archive();
  /** The path by which the cell's script is known to itself. */
  script = "";
  diagnostics: Diagnostic[] = [];
  /** Where packages without types are imported. */
  untyped: Diagnostic[] = [];
  /** The name under which the script leaves the value of its last expression. */
  lastExpression: string | undefined;
  /** The cell as a question about it finds it. */
  question: { file: PublicSourceFile; program: Program; position: number } | undefined;
  /** The maps of the two steps, TypeScript -> ES module -> CommonJS, by the text of their outputs. */
  readonly emitted = new Map<string, string>();
  readonly transpiled = new Map<string, { from: string; map: string }>();

  begin(cell: CellSource, script: string) {
    Object.assign(this, {
      cell,
      script,
      diagnostics: [],
      untyped: [],
      lastExpression: undefined,
      question: undefined,
    });
    this.emitted.clear();
    this.transpiled.clear();
  }

  /** The maps from a finished script back to its TypeScript, the last step first. */
  maps(script: string): string[] | undefined {
    const last = this.transpiled.get(script);
    const first = this.emitted.get(last?.from ?? "");
    return last && first ? [last.map, first] : undefined;
  }
}

/** Lets a builder hand the cell over without its map's comment, in the kernel's own transformation. */
function adaptedBuilder(ts: TypeScript, builder: Builder, conversion: Conversion): Builder {
  const emit: Builder["emit"] = (file, write, token, onlyDeclarations, transformers) => {
    // The compiler writes a file's map before the file.
    const mapOf = new Map<string, string>();
    const program = builder.getProgram();
    const take: typeof write = (name, text, ...more) => {
      if (name.endsWith(".map")) {
        mapOf.set(name, text);
        return;
      }
      const clean = text.replace(mapComment, "\n");
      const map = mapOf.get(`${name}.map`);
      if (map) conversion.emitted.set(clean, map);
      write?.(name, clean, ...more);
    };
    const own = {
      before: [transformCell(ts, program.getTypeChecker(), conversion)],
      afterDeclarations: transformers?.afterDeclarations,
    };
    // Declarations come even where a type has no name by which another file could call it: it is `any` there.
    return (program.emit as (...args: unknown[]) => ReturnType<Program["emit"]>)(
      file,
      take,
      token,
      onlyDeclarations,
      own,
      true,
    );
  };
  return { ...builder, emit };
}

/** What tslab's fork of TypeScript has and TypeScript has not, or has otherwise. */
function missing(ts: TypeScript, conversion: Conversion) {
  const inform = (program: Program, file: PublicSourceFile) => {
    const found = findDiagnostics(ts, program, file);
    conversion.untyped = found.filter(({ code }) => code === untypedPackage);
    conversion.diagnostics = found.filter(({ code }) => code !== untypedPackage);
    // tslab has only to know that there are some: it then stops. The kernel tells of them itself.
    return conversion.diagnostics
      .slice(0, 1)
      .map((each) => ({ ...each, code: 0, file, start: 0, length: 0 }));
  };
  return {
    getDefaultTypeRoots: () => undefined,
    getNullTransformationContext: () => ts.nullTransformationContext,
    getPreEmitDiagnostics: inform,
    getPreEmitDiagnosticsOfFiles: (program: Program, [cell]: [PublicSourceFile]) => inform(program, cell),
    getQuickInfoAtPosition(file: PublicSourceFile, _: TypeChecker, __: object, position: number) {
      conversion.question = { file, program: conversion.builder!.getProgram(), position };
    },
  };
}

/** TypeScript as tslab's converter shall see it. */
function adapted(ts: TypeScript, loaded: Loaded) {
  const { conversion } = loaded;
  return {
    ...ts,
    ...missing(ts, conversion),
    createWatchCompilerHost(
      rootNames: string[],
      tslabs: CompilerOptions,
      sys: typeof ts.sys,
      ...rest: unknown[]
    ) {
      const { options, ...about } = cellOptions(ts, tslabs, sys.getCurrentDirectory());
      Object.assign(loaded, about);
      return ts.createWatchCompilerHost(rootNames, options, sys, ...rest);
    },
    createWatchProgram(host: WatchHost) {
      const announce = host.afterProgramCreate?.bind(host);
      host.afterProgramCreate = (builder) => announce?.(adaptedBuilder(ts, builder, conversion));
      return createLightWatch(ts, host, conversion);
    },
    transpileModule(input: string, options: import("typescript").TranspileOptions) {
      const compilerOptions = { ...options.compilerOptions, sourceMap: true };
      const output = ts.transpileModule(input, { ...options, compilerOptions });
      const outputText = output.outputText.replace(mapComment, "\n");
      if (output.sourceMapText)
        conversion.transpiled.set(outputText, { from: input, map: output.sourceMapText });
      return { ...output, outputText };
    },
  };
}

/** The compiler of this process: there is one, because the converter keeps the TypeScript it was loaded with. */
export interface Loaded {
  ts: TypeScript;
  conversion: Conversion;
  createConverter: typeof converterModule.createConverter;
  /** What is wrong with the project's tsconfig.json, in one sentence. */
  fault?: string;
  /** Whether it says which library there is. */
  hasOwnLibrary?: boolean;
}

let loaded: Loaded | undefined;

/** The file of tslab's own compiler, which is never read. */
export function replacedFile(): string {
  return require.resolve("@tslab/typescript-for-tslab", { paths: [require.resolve("tslab/package.json")] });
}

function findFile(): string {
  const { requireTypeScript } = require("../typescript-package") as typeof import("../typescript-package");
  return requireTypeScript().file;
}

/**
 * Loads TypeScript, puts it where tslab's own `require` finds it, and loads tslab's converter. `file` says where it
 * is: to find it takes `node:module`, which a start-up snapshot cannot hold.
 */
export function loadTypeScript(file = findFile()): Loaded {
  if (loaded) return loaded;
  const ts: TypeScript = require(file);
  // TypeScript remembers the folder of its first question, which a start-up snapshot must not.
  ts.sys.getCurrentDirectory = () => process.cwd();
  const path = replacedFile();
  const made = { ts, conversion: new Conversion() } as Loaded;
  const exports = adapted(ts, made);
  require.cache[path] = { id: path, filename: path, path, loaded: true, exports } as NodeJS.Module;
  const { createConverter } = require("tslab/dist/converter") as typeof converterModule;
  loaded = Object.assign(made, { createConverter });
  return loaded;
}
