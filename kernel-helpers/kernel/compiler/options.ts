/** The compiler options of cells: what the kernel's Node can do, and the nearest tsconfig.json of the notebook. */

import { dirname, join, relative } from "node:path";
import type { CompilerOptions, TypeScript } from "./tsc";

/** Options of a tsconfig.json that mean the same for a cell as for a file. */
const honoured = [
  "strict alwaysStrict strictNullChecks strictFunctionTypes strictBindCallApply strictPropertyInitialization",
  "strictBuiltinIteratorReturn noImplicitAny noImplicitThis useUnknownInCatchVariables",
  "noUncheckedIndexedAccess exactOptionalPropertyTypes noImplicitOverride noImplicitReturns",
  "noFallthroughCasesInSwitch noPropertyAccessFromIndexSignature",
  "paths pathsBasePath baseUrl customConditions lib types typeRoots",
  "jsx jsxFactory jsxFragmentFactory jsxImportSource",
  "experimentalDecorators emitDecoratorMetadata useDefineForClassFields allowJs checkJs",
].flatMap((line) => line.split(" "));

/** Proposals that TypeScript declares, and how to tell whether this Node has them. */
const proposals: Record<string, () => boolean> = {
  array: () => "fromAsync" in Array,
  collection: () => "getOrInsert" in Map.prototype,
  error: () => "isError" in Error,
  // Node 20 has no Atomics while it builds a snapshot.
  sharedmemory: () => typeof Atomics === "object" && "pause" in Atomics,
  typedarrays: () => "toBase64" in Uint8Array.prototype,
  temporal: () => "Temporal" in globalThis,
  // What the compiler itself brings along.
  decorators: () => true,
  disposable: () => true,
};

/** The language of this Node: its year and its library. */
function language(ts: TypeScript): CompilerOptions {
  const { ES2023, ES2024, ES2025 } = ts.ScriptTarget;
  const major = Number(process.versions.node.split(".")[0]);
  const [year, target] =
    major >= 24 ? ["es2025", ES2025] : major >= 22 ? ["es2024", ES2024] : ["es2023", ES2023];
  const extra = Object.keys(proposals).filter((name) => proposals[name]!());
  return { target, lib: [year, ...extra.map((name) => `esnext.${name}`)].map((lib) => `lib.${lib}.d.ts`) };
}

/** The options of the nearest tsconfig.json, and one sentence if it cannot be read. */
function fromProject(ts: TypeScript, cwd: string): { options: CompilerOptions; fault?: string } {
  const file = ts.findConfigFile(cwd, ts.sys.fileExists);
  if (!file) return { options: {} };
  const { config, error } = ts.readConfigFile(file, ts.sys.readFile);
  // Which files the project has is of no interest here, and may take long to find out.
  const host = { ...ts.sys, readDirectory: () => [] };
  const noInputs = 18002;
  const noInputsFound = 18003;
  const parsed = ts.parseJsonConfigFileContent(config ?? {}, host, dirname(file), undefined, file);
  const fault = [error, ...parsed.errors].find(
    (each) => each && each.code !== noInputs && each.code !== noInputsFound,
  );
  const entries = Object.entries(parsed.options).filter(([name]) => honoured.includes(name));
  const options: CompilerOptions = Object.fromEntries(entries);
  if (!fault) return { options };
  const line =
    fault.file && fault.start !== undefined
      ? fault.file.getLineAndCharacterOfPosition(fault.start)
      : undefined;
  const place = `${relative(cwd, fault.file?.fileName ?? file)}${line ? `, line ${line.line + 1}` : ""}`;
  const reason = ts.flattenDiagnosticMessageText(fault.messageText, " ").replace(/\.$/, "");
  return { options, fault: `${place}: ${reason}. Cells go without what it was meant to say.` };
}

/** JSX needs no `React` in scope where React's own runtime is installed. */
function jsx(ts: TypeScript, cwd: string): CompilerOptions {
  const found = ts.resolveModuleName(
    "react/jsx-runtime",
    `${cwd}/cell.tsx`,
    { moduleResolution: ts.ModuleResolutionKind.Bundler, allowJs: true },
    ts.sys,
  );
  return { jsx: found.resolvedModule ? ts.JsxEmit.ReactJSX : ts.JsxEmit.React };
}

/** Folders of type packages: those above the notebook, then that of the kernel, which knows this Node. */
function typeRoots(cwd: string): string[] {
  const above: string[] = [];
  for (let folder = cwd; ; folder = dirname(folder)) {
    above.push(join(folder, "node_modules", "@types"));
    if (dirname(folder) === folder) break;
  }
  const own = dirname(
    dirname(
      require.resolve("@types/node/package.json", {
        paths: [__dirname, require.resolve("tslab/package.json")],
      }),
    ),
  );
  return [...new Set([...above, own])].map((path) => path.replaceAll("\\", "/"));
}

/** tslab's options for cells in `cwd`, brought up to date; `fault` says what is wrong with a tsconfig.json. */
export function cellOptions(ts: TypeScript, tslabs: CompilerOptions, cwd: string) {
  const { options: own, fault } = fromProject(ts, cwd);
  const { noImplicitUseStrict, disableTopLevelAwait, experimentalDecorators, ...kept } = tslabs;
  const options: CompilerOptions = {
    ...kept,
    ...language(ts),
    strict: true,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    customConditions: ["node", "module-sync"],
    allowImportingTsExtensions: true,
    // Files beside the notebook may be JavaScript; whether it is checked is for a tsconfig.json to say.
    checkJs: false,
    // As TypeScript 6 has it: what a cell does not import brings no globals, except Node.
    types: ["node"],
    typeRoots: typeRoots(cwd),
    sourceMap: true,
    ignoreDeprecations: "6.0",
    noUncheckedSideEffectImports: true,
    ...jsx(ts, cwd),
    ...own,
  };
  // Node's own types are there whatever else a project asks for.
  options.types = [...new Set(["node", ...(options.types ?? [])])];
  return { options, fault, hasOwnLibrary: own.lib !== undefined };
}
