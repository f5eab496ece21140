/** The folders that the paths in stacks are made relative to. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Folders } from "./relative";

const projectMarks = [".git", "package.json", "pyproject.toml"];

/** The outermost folder above that looks like a project's, so that hoisted `node_modules` lie within. */
function findRoot(folder: string): string {
  const parent = dirname(folder);
  const above = parent === folder ? null : findRoot(parent);
  if (above !== null && above !== parent) return above;
  const isRoot = (at: string) => projectMarks.some((mark) => existsSync(join(at, mark)));
  if (above !== null && isRoot(parent)) return parent;
  return folder;
}

const known = new Map<string, Folders>();

/** The folders of a notebook in `cwd`. */
export function foldersOf(cwd: string): Folders {
  const folders = known.get(cwd) ?? { cwd, root: findRoot(cwd), home: homedir() };
  known.set(cwd, folders);
  return folders;
}
