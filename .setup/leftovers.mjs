// The compiler never removes what a source that is gone was compiled to, and somebody could still load or pack it:
//   node .setup/leftovers.mjs      removes it from every package
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
export const workspaces = ["kernel-helpers", "notebook-tools", "lab/server"];

/** Removes what no source stands for from a package's `dist`. */
function removeLeftovers(workspace) {
  const dist = join(root, workspace, "dist");
  const output = /(\.d)?\.([cm]?)(js|ts)(\.map)?$/;
  for (const name of readdirSync(dist, { recursive: true }).map(String)) {
    const source = join(root, workspace, name.replace(output, ".$2ts"));
    if (output.test(name) && !existsSync(source)) rmSync(join(dist, name));
  }
}

export function removeAllLeftovers() {
  workspaces.forEach(removeLeftovers);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) removeAllLeftovers();
