/**
 * Files of the reader's own that a cell imports, itself or through others: found in the program, compiled to
 * CommonJS, and handed to the kernel whenever they have changed. Packages are left to Node.
 */

import { relative } from "node:path";
import type { SourceFile } from "typescript";
import { isPackage } from "../own-files";
import { hasTopLevelAwait, prefix } from "./cell-source";
import { metaExpressions } from "./meta";
import type { ImportedFile, Imports } from "./protocol";
import type { CompilerOptions, Program, TypeScript } from "./tsc";

/** A file's text as the reader wrote it: tslab puts a line before that of a cell that is a module. */
export function ownText({ text }: SourceFile, isModuleCell: boolean): string {
  return isModuleCell ? text.slice(prefix.length) : text;
}

type Resolved = Map<string, { resolvedModule?: { resolvedFileName: string } }>;

/** What a file imports of the reader's own files, by the names that it uses. */
function importsOf(program: Program, file: SourceFile): Map<string, SourceFile> {
  const { resolvedModules } = program as unknown as {
    resolvedModules?: Map<
      string,
      {
        forEach(
          visit: (found: Resolved extends Map<string, infer V> ? V : never, name: string) => void,
        ): void;
      }
    >;
  };
  const found = new Map<string, SourceFile>();
  resolvedModules?.get((file as SourceFile & { path: string }).path)?.forEach(({ resolvedModule }, name) => {
    const target = resolvedModule && program.getSourceFile(resolvedModule.resolvedFileName);
    if (target && !target.isDeclarationFile && !isPackage(target.fileName)) found.set(name, target);
  });
  return found;
}

/** What the import statements of a file name, except files of the reader's and types. */
function packagesOf(ts: TypeScript, file: SourceFile, imports: Imports): string[] {
  const names = file.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier } = statement;
    if (!moduleSpecifier || !ts.isStringLiteral(moduleSpecifier)) return [];
    const isTypeOnly = ts.isImportDeclaration(statement)
      ? statement.importClause?.isTypeOnly
      : statement.isTypeOnly;
    return isTypeOnly ? [] : [moduleSpecifier.text];
  });
  return names.filter((name) => !(name in imports));
}

const paths = (imports: Map<string, SourceFile>): Imports =>
  Object.fromEntries([...imports].map(([name, file]) => [name, file.fileName]));

/** A cell's files in one program. */
export interface FilesOfCell {
  imports: Imports;
  packages: string[];
  /** With what each imports, in the order in which they are met. */
  files: Map<SourceFile, Imports>;
}

/** Everything of the reader's that a cell reaches. */
export function filesOf(ts: TypeScript, program: Program, cell: SourceFile): FilesOfCell {
  const files = new Map<SourceFile, Imports>();
  const follow = (imports: Map<string, SourceFile>) => {
    for (const file of imports.values()) {
      if (files.has(file)) continue;
      const inside = importsOf(program, file);
      files.set(file, paths(inside));
      follow(inside);
    }
  };
  const imports = importsOf(program, cell);
  follow(imports);
  return { imports: paths(imports), packages: packagesOf(ts, cell, paths(imports)), files };
}

const isJson = ({ fileName }: SourceFile) => fileName.endsWith(".json");

export class ImportedFiles {
  /** What the kernel has already, as it was handed over. */
  readonly #handed = new Map<string, SourceFile>();

  constructor(
    private readonly ts: TypeScript,
    /** The source of a cell that is a module, by its path. */
    private readonly moduleCell: (path: string) => { label: string; source: string } | undefined,
  ) {}

  /** The files that are new or have changed since they were last asked for. */
  changed({ files }: FilesOfCell, options: CompilerOptions): ImportedFile[] {
    const changed = [...files].filter(([file]) => this.#handed.get(file.fileName) !== file);
    return changed.map(([file, imports]) => {
      this.#handed.set(file.fileName, file);
      return this.#compile(file, imports, options);
    });
  }

  #compile(file: SourceFile, imports: Imports, options: CompilerOptions): ImportedFile {
    const { ts } = this;
    const path = file.fileName;
    const cell = this.moduleCell(path);
    const source = ownText(file, cell !== undefined);
    const label = cell?.label ?? relative(process.cwd(), path).replaceAll("\\", "/");
    const packages = packagesOf(ts, file, imports);
    const known = { path, label, source, imports, packages, waits: false };
    if (isJson(file)) return { ...known, script: `module.exports = ${source}`, maps: undefined };
    // A script of Node's own kind says `require` and `module.exports` itself.
    if (!ts.isExternalModule(file)) return { ...known, script: source, maps: undefined };
    const { outputText, sourceMapText } = ts.transpileModule(source, {
      // By its ending, `.mts` would stay an ES module.
      fileName: path.replace(/\.[cm](?=[jt]sx?$)/, "."),
      compilerOptions: { ...options, module: ts.ModuleKind.CommonJS, declaration: false },
      transformers: { before: [this.#withMeta(path)] },
    });
    const script = outputText.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
    return {
      ...known,
      script,
      maps: sourceMapText ? [sourceMapText] : undefined,
      waits: hasTopLevelAwait(ts, file),
    };
  }

  #withMeta(path: string): import("typescript").TransformerFactory<SourceFile> {
    const { ts } = this;
    const meta = metaExpressions(ts, path, () => false);
    return (context) => (file) => {
      const visit = (node: import("typescript").Node): import("typescript").Node =>
        meta(node) ?? ts.visitEachChild(node, visit, context);
      return ts.visitEachChild(file, visit, context);
    };
  }
}
