/**
 * What imports mean: as TypeScript finds them, then as Node does, then the kernel's own package. TypeScript looks
 * everything up again for each program, that is for each cell; what packages ask for stays as it is while a
 * kernel runs, as their files do, and is looked up once. Cells and files beside the notebook are looked up each time.
 */

import { basename, delimiter, dirname, join } from "node:path";
import type { ModuleResolutionCache, SourceFile } from "typescript";
import { isPackage } from "../own-files";
import { packageFolder, packageName } from "./package-folder";
import type { CompilerHost, CompilerOptions, Resolution, TypeScript } from "./tsc";

/** By asker, name and mode. */
type Kept = Map<string, Resolution>;

type Resolve = (
  entries: readonly unknown[],
  asker: string,
  redirect: unknown,
  options: CompilerOptions,
  file: SourceFile | undefined,
) => Resolution[];

/** Types that a package has and does not name in its `exports`, as many do: they are the package's types all the same. */
function withTypes(found: Resolution): Resolution {
  const { resolvedModule, alternateResult } = found as Resolution & { alternateResult?: string };
  if (!resolvedModule || !alternateResult?.endsWith(".d.ts")) return found;
  const typed = { ...resolvedModule, resolvedFileName: alternateResult, extension: ".d.ts" };
  return { ...found, resolvedModule: typed };
}

interface PackageJsonInfo {
  packageDirectory: string;
  contents?: object;
}

interface PackageJsonInfoCache {
  getInternalMap(): Map<string, PackageJsonInfo | boolean> | undefined;
  setPackageJsonInfo(path: string, info: PackageJsonInfo): void;
}

/** A folder of packages, or of one that may still be installed. */
const mayGetPackage = /\/node_modules(\/@[^/]+)?(\/[^/]+)?\/?$/;

/** Hands on what is known of folders in packages: each program asks it of every one of its files. */
function handOn(before: ModuleResolutionCache | undefined, next: ModuleResolutionCache) {
  const [known, cache] = [before, next].map((each) => each?.getPackageJsonInfoCache() as unknown) as [
    PackageJsonInfoCache | undefined,
    PackageJsonInfoCache,
  ];
  for (const [path, info] of known?.getInternalMap() ?? []) {
    if (typeof info === "boolean" || !isPackage(path)) continue;
    if (info.contents || !mayGetPackage.test(info.packageDirectory)) cache.setPackageJsonInfo(path, info);
  }
}

/** Lets `host` resolve imports so. Call `begin` before each program. */
export class Resolutions {
  readonly #ofPackages: Kept = new Map();
  /** Of the type packages that TypeScript takes by itself. */
  readonly #ofTypeRoots: Kept = new Map();
  #modules: ModuleResolutionCache | undefined;
  #types: unknown;

  constructor(
    private readonly ts: TypeScript,
    private readonly host: CompilerHost,
    private readonly options: CompilerOptions,
  ) {
    this.begin();
    host.getModuleResolutionCache = () => this.#modules;
    host.resolveModuleNameLiterals = this.#resolver(
      ts.createModuleResolutionLoader,
      () => this.#modules,
      (found, name, asker) => {
        const typed = withTypes(found);
        if (typed.resolvedModule || /^[./]/.test(name)) return typed;
        return this.#elsewhere(name, asker) ?? typed;
      },
    );
    host.resolveTypeReferenceDirectiveReferences = this.#resolver(
      ts.createTypeReferenceResolutionLoader,
      () => this.#types,
      (found) => found,
    );
  }

  /** Begins a program, with caches of its own, as TypeScript does by itself; but packages stay as they were. */
  begin() {
    const { ts, host, options } = this;
    const [folder, canonical] = [host.getCurrentDirectory(), host.getCanonicalFileName];
    const modules = ts.createModuleResolutionCache(folder, canonical, options);
    handOn(this.#modules, modules);
    this.#modules = modules;
    this.#types = ts.createTypeReferenceDirectiveResolutionCache(
      folder,
      canonical,
      undefined,
      modules.getPackageJsonInfoCache(),
    );
  }

  /** Type packages have come or gone. */
  forgetTypeRoots() {
    this.#ofTypeRoots.clear();
  }

  /** A package that only NODE_PATH leads to, or the kernel's own, which cells find wherever the kernel is. */
  #elsewhere(name: string, asker: string): Resolution | undefined {
    if (isPackage(asker)) return undefined;
    const folders = (process.env.NODE_PATH ?? "").split(delimiter).filter(Boolean);
    const found = folders.map((folder) => this.#in(folder, name)).find((each) => each?.resolvedModule);
    if (found) return found;
    const [first] = name.split("/");
    if (first !== packageName) return undefined;
    const { ts, host, options } = this;
    return ts.resolveModuleName(name, join(packageFolder, "cell.ts"), options, host) as Resolution;
  }

  /** What a name means in a folder of packages. */
  #in(folder: string, name: string): Resolution | undefined {
    const { ts, host, options } = this;
    if (basename(folder) === "node_modules") {
      const found = ts.resolveModuleName(name, join(dirname(folder), "cell.ts"), options, host);
      if (found.resolvedModule) return found as Resolution;
    }
    const inFolder = { ...options, paths: { "*": [`${folder}/*`, `${folder}/@types/*`] } };
    return ts.resolveModuleName(name, join(folder, "cell.ts"), inFolder, host) as Resolution;
  }

  #keptFor(asker: string): Kept {
    if (isPackage(asker)) return this.#ofPackages;
    return asker.endsWith(this.ts.inferredTypesContainingFile) ? this.#ofTypeRoots : new Map();
  }

  #resolver(
    createLoader: TypeScript["createModuleResolutionLoader"],
    cache: () => unknown,
    otherwise: (found: Resolution, name: string, asker: string) => Resolution,
  ): Resolve {
    return (entries, asker, redirect, options, file) => {
      const loader = createLoader(asker, redirect, options, this.host, cache());
      const kept = this.#keptFor(asker);
      return entries.map((entry) => {
        const name = loader.nameAndMode.getName(entry);
        const mode = loader.nameAndMode.getMode(entry, file, options);
        const key = `${asker}\n${name}\n${mode}`;
        const known = kept.get(key) ?? otherwise(loader.resolve(name, mode), name, asker);
        kept.set(key, known);
        return known;
      });
    };
  }
}
