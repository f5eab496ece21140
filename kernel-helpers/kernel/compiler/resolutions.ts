/**
 * What imports mean, from program to program. TypeScript looks everything up again for each program, that
 * is for each cell; what packages ask for stays as it is while a kernel runs, as their files do, and is
 * looked up once. Cells and files beside the notebook are looked up each time.
 */

import type { ModuleResolutionCache, SourceFile } from "@tslab/typescript-for-tslab";
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
    host.resolveModuleNameLiterals = this.#resolver(ts.createModuleResolutionLoader, () => this.#modules);
    host.resolveTypeReferenceDirectiveReferences = this.#resolver(
      ts.createTypeReferenceResolutionLoader,
      () => this.#types,
    );
  }

  /** Begins a program, with caches of its own, as TypeScript does by itself. */
  begin() {
    const { ts, host, options } = this;
    const [folder, canonical] = [host.getCurrentDirectory(), host.getCanonicalFileName];
    const modules = ts.createModuleResolutionCache(folder, canonical, options);
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

  #keptFor(asker: string): Kept {
    if (asker.includes("/node_modules/")) return this.#ofPackages;
    return asker.endsWith(this.ts.inferredTypesContainingFile) ? this.#ofTypeRoots : new Map();
  }

  #resolver(createLoader: TypeScript["createModuleResolutionLoader"], cache: () => unknown): Resolve {
    return (entries, asker, redirect, options, file) => {
      const loader = createLoader(asker, redirect, options, this.host, cache());
      const kept = this.#keptFor(asker);
      return entries.map((entry) => {
        const name = loader.nameAndMode.getName(entry);
        const mode = loader.nameAndMode.getMode(entry, file);
        const key = `${asker}\n${name}\n${mode}`;
        const known = kept.get(key) ?? loader.resolve(name, mode);
        kept.set(key, known);
        return known;
      });
    };
  }
}
