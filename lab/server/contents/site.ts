import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { zipSync } from "fflate";
import { exportSite, NotebookError } from "notebook-tools";
import { HttpError } from "../http/errors";
import type { Pieces } from "../http/pieces";

export interface Exported {
  readonly name: string;
  readonly mimetype: string;
  readonly data: Pieces;
  /** Of a site: the notebooks that could not be read. */
  readonly leftOut?: readonly string[];
}

/** All notebooks below a folder as a site, in one ZIP file. Throws `HttpError` 404 where there is no notebook. */
export async function exportedSite(root: string, folder: string): Promise<Exported> {
  const site = await mkdtemp(path.join(tmpdir(), "notebooks-site-"));
  const pathOf = (file: string) => path.relative(root, file).split(path.sep).join("/");
  try {
    const { failed } = await exportSite([folder], { outputDir: site, filesBelow: root }).catch(
      (error: unknown) => {
        if (!(error instanceof NotebookError)) throw error;
        throw new HttpError(404, `There is no notebook below ${pathOf(folder) || "the folder"}.`);
      },
    );
    const entries = await readdir(site, { recursive: true, withFileTypes: true });
    const files: Record<string, Uint8Array> = {};
    for (const entry of entries.filter((one) => one.isFile())) {
      const file = path.join(entry.parentPath, entry.name);
      files[path.relative(site, file).split(path.sep).join("/")] = await readFile(file);
    }
    const leftOut = failed.map(({ place }) => pathOf(path.resolve(place.file)));
    const name = `${path.basename(folder)}-site.zip`;
    return { name, mimetype: "application/zip", data: [zipSync(files)], leftOut };
  } finally {
    await rm(site, { recursive: true, force: true });
  }
}
