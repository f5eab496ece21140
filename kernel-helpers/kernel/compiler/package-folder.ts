import { join } from "node:path";

/** The name of the package that this kernel is part of; cells import it wherever the kernel runs. */
export const packageName = "kernel-helpers";

/** The folder of that package: this file is `dist/kernel/compiler/package-folder.js` in it. */
export const packageFolder = join(__dirname, "..", "..", "..");
