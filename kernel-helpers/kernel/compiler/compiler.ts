/** tslab's converter on today's TypeScript, with what its executor does not pass on: faults, and the way back to the source. */

import { join } from "node:path";
import type { Converter } from "tslab/dist/converter";
import type * as metadataModule from "tslab/dist/metadata";
import type { Node, SourceFile } from "typescript";
import { type CellSource, parses, readCell } from "./cell-source";
import { type FaultWorld, faults, untypedHint } from "./faults";
import { filesOf, ImportedFiles } from "./imported-files";
import type { AnswerRequest, Compilation, CompileRequest, Fault } from "./protocol";
import { Questions } from "./questions";
import { loadTypeScript } from "./typescript";

/** tslab puts one line, `export {};`, before every cell, and its executor one before the script. */
const added = { source: 1, script: 1 };

/** The name of a cell's script. It has no space: V8 ignores a `sourceURL` with one. */
function scriptName(label: string): string {
  return `${label.replaceAll(" ", "-")}.js`;
}

/** What a file declares at its top. */
function namesOf(file: SourceFile): string[] {
  return [...((file as SourceFile & { locals?: Map<string, unknown> }).locals?.keys() ?? [])];
}

/** Compiles cells for tslab's executor, and answers questions about code. */
export class Compiler {
  readonly #typescript = loadTypeScript();
  /** Cells that are modules (`@module`), by their path. */
  readonly #modules = new Map<string, { label: string; source: string }>();
  /** Names that cells declare which have been compiled, and which of them did last. */
  readonly #declaredIn = new Map<string, string>();
  /** What is declared once the cell that was compiled last has run. */
  #latest = "";
  readonly #told = new Set<string>();
  readonly #files: ImportedFiles;
  readonly #converters: { node?: Converter; browser?: Converter } = {};
  readonly #questions: Questions;

  constructor() {
    const { ts, conversion } = this.#typescript;
    this.#files = new ImportedFiles(ts, (path) => this.#modules.get(path));
    this.#questions = new Questions(ts, (declarations, source, position) => {
      const metadata = this.#metadata(source);
      conversion.begin(readCell(ts, source), join(process.cwd(), "cell.js"));
      const beside = conversion.archive.beside(declarations);
      this.#converter(metadata).inspect(beside, conversion.cell!.text, position);
      return conversion.question;
    });
  }

  #converter({ mode }: metadataModule.CodeMetadata): Converter {
    const key = mode === "browser" ? "browser" : "node";
    this.#converters[key] ??= this.#typescript.createConverter({ isJS: false, isBrowser: key === "browser" });
    return this.#converters[key];
  }

  #metadata(source: string): metadataModule.CodeMetadata {
    const { getCodeMetadata } = require("tslab/dist/metadata") as typeof metadataModule;
    return getCodeMetadata(source);
  }

  /** Creates the first program, so that no cell pays for it. */
  warmUp() {
    this.#questions.warmUp();
  }

  /** Learns again what an earlier compiler has put into its archive. */
  restore(texts: readonly string[]) {
    this.#typescript.conversion.archive.restore(texts);
  }

  compile({ label, declarations: all, source }: CompileRequest): Compilation {
    const { ts, conversion } = this.#typescript;
    const { archive } = conversion;
    const before = archive.texts.length;
    const declarations = archive.add(all);
    const archived = archive.texts.slice(before);
    this.#latest = declarations;
    const metadata = this.#metadata(source);
    const cell = readCell(ts, source);
    const compilation = { metadata, faults: [], imports: {}, packages: [], files: [], notices: [], archived };
    const world = this.#world(cell, declarations);
    if (!parses(cell.file)) {
      const { parseDiagnostics } = cell.file as unknown as { parseDiagnostics: [] };
      return { ...compilation, faults: faults(parseDiagnostics, world) };
    }
    const name = scriptName(label);
    conversion.begin(cell, join(process.cwd(), name));
    const { module } = metadata;
    const converter = this.#converter(metadata);
    if (module) {
      const path = join(process.cwd(), `${module}.ts${metadata.jsx ? "x" : ""}`).replaceAll("\\", "/");
      this.#modules.set(path, { label, source });
      converter.addModule(module, source, metadata);
      return { ...compilation, ...this.#findings(world) };
    }
    if (metadata.mode === "browser") return compilation;
    return { ...compilation, ...this.#convert(converter, label, declarations, world) };
  }

  #world(cell: CellSource, declarations: string): FaultWorld {
    const { archive } = this.#typescript.conversion;
    return {
      ts: this.#typescript.ts,
      cell,
      cwd: process.cwd(),
      hasOwnLibrary: this.#typescript.hasOwnLibrary === true,
      failedCellOf: (name) =>
        new RegExp(`\\b${name.replaceAll("$", "\\$")}\\b`).test([declarations, ...archive.texts].join())
          ? undefined
          : this.#declaredIn.get(name),
      moduleCell: (path) => this.#modules.get(path),
    };
  }

  /** What the conversion found: faults, and what is to be told once. */
  #findings(world: FaultWorld): { faults: Fault[]; notices: string[] } {
    const { conversion, fault } = this.#typescript;
    const found = faults(conversion.diagnostics, world);
    const notices = [
      ...(fault ? [fault] : []),
      ...conversion.untyped.map((each) => untypedHint(each, this.#typescript.ts)),
    ].filter((each) => !this.#told.has(each));
    for (const each of notices) this.#told.add(each);
    return { faults: found, notices };
  }

  #convert(converter: Converter, label: string, declarations: string, world: FaultWorld) {
    const { conversion } = this.#typescript;
    const { cell } = world;
    conversion.namesOnly = true;
    const result = converter.convert(declarations, cell.text);
    const findings = this.#findings(world);
    const program = conversion.builder!.getProgram();
    const file = program.getSourceFile(conversion.builder!.cell)!;
    for (const name of namesOf(file)) this.#declaredIn.set(name, label);
    if (findings.faults.length > 0) return findings;
    const reached = filesOf(this.#typescript.ts, program, file);
    const files = this.#files.changed(reached, program.getCompilerOptions());
    const { imports, packages } = reached;
    if (!result.output) return { ...findings, imports, packages, files, converted: result };
    const declOutput = `${result.declOutput}${this.#forgotten(declarations, file)}`;
    this.#latest = declOutput;
    const name = scriptName(label);
    const maps = conversion.maps(result.output);
    return {
      ...findings,
      imports,
      packages,
      files,
      script: { name, label, source: cell.file.text, script: result.output, maps, added },
      converted: {
        ...result,
        declOutput,
        output: `\n${result.output}\n//# sourceURL=${name}`,
        hasToplevelAwait: cell.hasTopLevelAwait,
        lastExpressionVar: conversion.lastExpression,
      },
    };
  }

  /** tslab forgets the namespaces of earlier cells, and what they have imported by `import x = `. */
  #forgotten(declarations: string, cell: SourceFile): string {
    if (!/\b(namespace |global |import \S+ = )/.test(declarations)) return "";
    const { ts } = this.#typescript;
    const redeclared = new Set(namesOf(cell));
    const { statements } = ts.createSourceFile("earlier.d.ts", declarations, ts.ScriptTarget.Latest, true);
    const isForgotten = (each: Node) => ts.isModuleDeclaration(each) || ts.isImportEqualsDeclaration(each);
    const kept = statements.filter((each) => isForgotten(each) && !redeclared.has(each.name.text));
    return kept.map((each) => `${each.getText()}\n`).join("");
  }

  /** The content of the reply to a Jupyter request about code. */
  answer({ declarations = this.#latest, ...request }: AnswerRequest): object {
    return this.#questions.answer({ ...request, declarations });
  }
}
