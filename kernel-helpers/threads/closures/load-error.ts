import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/** What Node itself loads as JavaScript or data. */
const plainFiles = new Set([".js", ".cjs", ".mjs", ".json", ".node", ".wasm", ""]);

/**
 * An error of loading a module in a thread. A file that is no JavaScript was loaded on the loop through a loader
 * (ts-node, tsx, a test runner), which threads do not have: what Node says of the raw file then helps nobody.
 */
export function explainLoadError(module: string, error: unknown): unknown {
  const file = module.startsWith("file:") ? fileURLToPath(module) : module;
  if (plainFiles.has(extname(file)) && !(error instanceof SyntaxError)) return error;
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Error(
    `${file} cannot be loaded in a thread (${reason}). A thread has no loader such as ts-node or tsx: it loads what ` +
      "Node itself does. Compile the file and run the program from the JavaScript, or give the compiled file: " +
      'moduleTask("./compiled.js", "name").',
    { cause: error },
  );
}
