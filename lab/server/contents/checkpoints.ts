import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "notebook-tools";
import { HttpError } from "../http/router";
import { unlessMissing } from "./paths";

/** One earlier state a file, kept outside the tree so that saving leaves no `.ipynb_checkpoints` there. */
export function createCheckpoints(folder: string) {
  const id = "checkpoint";
  const copyOf = (apiPath: string) =>
    path.join(folder, createHash("sha256").update(apiPath).digest("hex").slice(0, 32));

  async function list(apiPath: string) {
    const stats = await unlessMissing(() => stat(copyOf(apiPath)));
    return stats ? [{ id, last_modified: stats.mtime.toISOString() }] : [];
  }

  return {
    list,
    async create(apiPath: string, file: string) {
      await mkdir(folder, { recursive: true });
      await copyFile(file, copyOf(apiPath));
      return (await list(apiPath))[0];
    },
    async restore(apiPath: string, file: string) {
      const bytes = await unlessMissing(() => readFile(copyOf(apiPath)));
      if (bytes === null) throw new HttpError(404, `${apiPath} has no checkpoint.`);
      await writeAtomically(file, bytes);
    },
    remove: (apiPath: string) => rm(copyOf(apiPath), { force: true }),
  };
}
