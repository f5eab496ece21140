/** Which TypeScript compiles the cells: the project's own, where that is version 6, else one under an alias beside it. */

import { createRequire } from "node:module";
import { join } from "node:path";

export interface TypeScriptPackage {
  version: string;
  /** The module to load. */
  file: string;
}

/** The last TypeScript whose compiler is JavaScript, under a name that leaves the project's own alone. */
const alias = "typescript-6";

/** The version that this kernel is tested with. */
export const testedTypeScript = "6.0.3";

/** What to say where there is none. */
export const missingTypeScript =
  "The kernel compiles cells with TypeScript 6, and finds none beside it or in this folder: " +
  `npm install --save-dev ${alias}@npm:typescript@${testedTypeScript}`;

function packageNamed(name: string, require: NodeJS.Require): TypeScriptPackage | undefined {
  try {
    const { version } = require(`${name}/package.json`) as { version: string };
    return version.startsWith("6.") ? { version, file: require.resolve(name) } : undefined;
  } catch {
    // Not installed, or without a JavaScript compiler.
    return undefined;
  }
}

/** TypeScript 6 as this package finds it, else as the notebook's folder does. */
export function findTypeScript(folder = process.cwd()): TypeScriptPackage | undefined {
  for (const from of [__filename, join(folder, "notebook.js")]) {
    const require = createRequire(from);
    const found = packageNamed("typescript", require) ?? packageNamed(alias, require);
    if (found) return found;
  }
  return undefined;
}

/** The same; throws if there is none. */
export function requireTypeScript(): TypeScriptPackage {
  const found = findTypeScript();
  if (!found) throw new Error(missingTypeScript);
  return found;
}
