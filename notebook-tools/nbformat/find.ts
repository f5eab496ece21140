/** Which notebooks paths name. */
import { spawnSync } from "node:child_process";
import { type Dirent, readdirSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { NotebookError } from "./errors";

/** A notebook file, and its place below the path that led to it. */
export interface NotebookPath {
  file: string;
  /** Within the folder that was named; of files that were named, within the folder that they all lie in. */
  relative: string;
}

/** A folder with a file of this name holds copies that a run has written. */
export const outputFolderMarker = ".nb-output-dir";

/** Files by which a folder tells that its notebooks are nobody's sources: those of Python environments, and copies. */
const marks = new Set(["pyvenv.cfg", "conda-meta", outputFolderMarker]);

/**
 * The notebooks that paths name: a file is itself, a folder is every `.ipynb` below it as `notebooksBelow` finds
 * them.
 * @throws NotebookError for a path that does not exist
 */
export async function findNotebooks(paths: readonly string[]): Promise<NotebookPath[]> {
  const found: NotebookPath[] = [];
  const named: NotebookPath[] = [];
  for (const path of paths) {
    const stats = await stat(path).catch(() => {
      throw new NotebookError("there is no such file; check the path.", { file: path });
    });
    if (!stats.isDirectory()) {
      const notebook = { file: path, relative: basename(path) };
      named.push(notebook);
      found.push(notebook);
    } else found.push(...notebooksBelow(path).map((file) => ({ file, relative: relative(path, file) })));
  }
  const folder = commonFolder(named.map(({ file }) => file));
  for (const notebook of named) notebook.relative = relative(folder, resolve(notebook.file));
  return found;
}

/** The innermost folder that files lie in, as an absolute path. */
export function commonFolder(files: readonly string[]): string {
  const isAbove = (folder: string) =>
    files.every((file) => resolve(file).startsWith(folder.endsWith(sep) ? folder : folder + sep));
  let folder = dirname(resolve(files[0] ?? ""));
  while (!isAbove(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/**
 * Every `.ipynb` file below a folder, sorted. Left out are hidden files and folders, `node_modules`, Python
 * environments, executed copies, and what Git ignores: unless it is the folder itself.
 */
export function notebooksBelow(folder: string): string[] {
  const enter = (path: string, ignored: ReadonlySet<string>): string[] => {
    const entries = readdirSync(path, { withFileTypes: true });
    if (entries.some(({ name }) => marks.has(name))) return [];
    // A repository within has rules of its own.
    const isRepository = entries.some(({ name }) => name === ".git");
    return within(path, entries, isRepository ? ignoredByGit(path) : ignored);
  };
  const within = (at: string, entries: Dirent[], ignored: ReadonlySet<string>): string[] =>
    entries
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const path = join(at, entry.name);
        if (entry.name.startsWith(".") || entry.name === "node_modules" || ignored.has(path)) return [];
        if (entry.isDirectory()) return enter(path, ignored);
        return entry.name.endsWith(".ipynb") && isFile(path) ? [path] : [];
      });
  return within(folder, readdirSync(folder, { withFileTypes: true }), ignoredByGit(folder));
}

/**
 * A link to a folder, a pipe or a socket is no notebook. A link to nothing, and what may not be looked at, count, so
 * that reading them says what is wrong.
 */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return true;
  }
}

/** What a hook of Git hands down to its children would have them ask another repository. */
const hookVariables = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"];

/**
 * The ignored files and folders below a folder that are not tracked all the same. None where there is no repository
 * or no Git, and where the folder itself is ignored.
 */
function ignoredByGit(folder: string): Set<string> {
  const args = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"];
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !hookVariables.includes(name)),
  );
  const { status, stdout } = spawnSync("git", args, {
    cwd: folder,
    env,
    encoding: "utf8",
    maxBuffer: Number.POSITIVE_INFINITY,
    stdio: ["ignore", "pipe", "ignore"],
    windowsHide: true,
  });
  if (status !== 0) return new Set();
  const names = stdout.split("\0").filter((name) => name !== "");
  return new Set(names.map((name) => join(folder, name.replace(/\/$/, ""))));
}
