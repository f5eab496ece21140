import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { exportNotebooks } from "notebook-tools";
import { attachment, type Call, HttpError, type Reply, type Route } from "../http/router";
import { locate } from "./paths";

/** The formats that are one file: JupyterLab lists them in the File menu. */
const formats = {
  html: { output_mimetype: "text/html" },
  script: { output_mimetype: "text/x-typescript" },
} as const;

const isFormat = (name: string): name is keyof typeof formats => Object.hasOwn(formats, name);

/** `/api/nbconvert` and `/nbconvert/<format>/<path>`: a notebook as a page or a script, by `nb export`. */
export function exportRoutes(root: string): Route[] {
  async function exported({ params: [format = "", apiPath = ""] }: Call): Promise<Reply> {
    if (!isFormat(format)) throw new HttpError(404, `There is no export to ${format}.`);
    const notebook = await locate(root, apiPath);
    if (!existsSync(notebook)) throw new HttpError(404, `There is no notebook ${apiPath}`);
    const outputDir = await mkdtemp(path.join(tmpdir(), "lab-export-"));
    try {
      const { written, failed } = await exportNotebooks([notebook], { to: format, outputDir, root });
      const page = written[0];
      if (page === undefined) throw new HttpError(400, `${apiPath}: ${failed[0]?.reason}`);
      return { text: await readFile(page, "utf8"), headers: attachment(path.basename(page)) };
    } finally {
      await rm(outputDir, { recursive: true, force: true });
    }
  }

  return [
    ["GET", /^\/api\/nbconvert$/, () => ({ json: formats })],
    ["GET", /^\/nbconvert\/([^/]+)\/(.+)$/, exported],
  ];
}
