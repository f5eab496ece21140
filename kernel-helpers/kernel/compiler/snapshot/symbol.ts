/** Where `globalThis` holds the modules that a snapshot has loaded. */
export const loadedSymbol = Symbol.for("kernel-helpers.snapshot");
