/** `npm run lab:extension -- --prefix DIR`: our extension in the JupyterLab of a Python environment, without pip. */

import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { prefixDataDir } from "../kernelspec";

/**
 * Copies what `lab/app` has built of lab/extension in `project` into a Jupyter data directory, in place of an older one.
 * Returns the folder; `undefined` if it is not built.
 */
export function installExtension(project: string, dataDir: string): string | undefined {
  const built = join(project, "lab", "extension", "labextension");
  if (!existsSync(join(built, "package.json"))) return undefined;
  const { name } = JSON.parse(readFileSync(join(built, "package.json"), "utf8")) as { name: string };
  const folder = join(dataDir, "labextensions", ...name.split("/"));
  rmSync(folder, { recursive: true, force: true });
  cpSync(built, folder, { recursive: true });
  // JupyterLab shows it beside the extension, for whoever wants to be rid of it.
  const how = {
    packageManager: "npm",
    packageName: name,
    uninstallInstructions: `Remove the folder ${folder}`,
  };
  writeFileSync(join(folder, "install.json"), `${JSON.stringify(how, null, 2)}\n`);
  return folder;
}

function main() {
  const { values } = parseArgs({ options: { prefix: { type: "string" }, "data-dir": { type: "string" } } });
  const dataDir = values["data-dir"] ?? (values.prefix && prefixDataDir(values.prefix));
  if (!dataDir) throw new Error("Say where: --prefix DIR for a Python environment, or --data-dir DIR");
  const folder = installExtension(resolve(__dirname, "..", "..", "..", ".."), dataDir);
  if (!folder) throw new Error("lab/extension is not built: npm run lab:extension builds and installs it.");
  console.log(`The extension is installed in ${folder}.`);
}

if (require.main === module) {
  try {
    main();
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
