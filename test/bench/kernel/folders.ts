/** The folders in which a kernel is started: this collection's, an empty one, and a project with 30 packages. */

import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../kernel/client.ts";

const packages = 30;

/** A package and its types, each about as long as those of a middling library. */
function putPackage(modules: string, name: string): void {
  const declarations = Array.from(
    { length: 100 },
    (_, i) =>
      `export interface Options${i}<T = string> { name: T; size?: number; next?: Options${i}<T>[] }\n` +
      `/** Makes one. */\nexport declare function make${i}<T>(options: Options${i}<T>): Promise<Map<string, T>>;\n`,
  );
  const files = {
    [`${name}/package.json`]: JSON.stringify({ name, version: "1.0.0", main: "index.js" }),
    [`${name}/index.js`]: "exports.make0 = async () => new Map();\n",
    [`@types/${name}/package.json`]: JSON.stringify({
      name: `@types/${name}`,
      version: "1.0.0",
      types: "index.d.ts",
    }),
    [`@types/${name}/index.d.ts`]: declarations.join(""),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(modules, path)), { recursive: true });
    writeFileSync(join(modules, path), text);
  }
}

export interface Folders {
  collection: string;
  empty: string;
  project: string;
  remove(): void;
}

export function makeFolders(): Folders {
  const parent = realpathSync(mkdtempSync(join(tmpdir(), "kernel-bench-")));
  const [empty, project] = [join(parent, "empty"), join(parent, "project")];
  mkdirSync(empty);
  const modules = join(project, "node_modules");
  for (let i = 0; i < packages; i++) putPackage(modules, `package${i}`);
  for (const name of ["@types/node", "undici-types"]) {
    cpSync(join(root, "node_modules", name), join(modules, name), { recursive: true });
  }
  return {
    collection: join(root, "notebooks"),
    empty,
    project,
    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
}
