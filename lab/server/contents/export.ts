import { stat } from "node:fs/promises";
import { HttpError } from "../http/errors";
import { attachment, type Reply } from "../http/reply";
import type { Call, Route } from "../http/router";
import type { Background } from "./background";
import { locate, normalise } from "./paths";

/** What JupyterLab lists in the File menu; Markdown with images comes as a ZIP file. */
const formats = {
  html: { output_mimetype: "text/html" },
  markdown: { output_mimetype: "text/markdown" },
  script: { output_mimetype: "text/x-typescript" },
};

/** `/api/nbconvert` and `/nbconvert/<format>/<path>`: a notebook as a page, Markdown or a script, by `nb export`. */
export class Exports {
  constructor(
    readonly root: string,
    readonly background: Background,
  ) {}

  readonly routes: readonly Route[] = [
    ["GET", "/api/nbconvert", "The formats of the exporter", () => ({ json: formats })],
    ["GET", "/site/{path*}", "The notebooks of a folder as a site", (call) => this.#exportSite(call)],
    ["GET", "/nbconvert/{format}/{path+}", "A notebook in another format", (call) => this.#export(call)],
  ];

  async #exportSite({ params: { path: apiPath = "" } }: Call): Promise<Reply> {
    const file = await locate(this.root, normalise(apiPath));
    if (!(await stat(file)).isDirectory()) throw new HttpError(404, `There is no folder at ${apiPath}`);
    const input = { root: this.root, file, format: "site" };
    const exported = await this.background.run("exported", input, Number.POSITIVE_INFINITY);
    const { name, mimetype, data, leftOut = [] } = exported;
    const told = { "X-Left-Out": encodeURIComponent(JSON.stringify(leftOut)) };
    return { bytes: data, headers: { "Content-Type": mimetype, ...told, ...attachment(name) } };
  }

  async #export({ params, query }: Call): Promise<Reply> {
    const { format = "", path: apiPath = "" } = params;
    if (!Object.hasOwn(formats, format)) throw new HttpError(404, `There is no export to ${format}.`);
    const file = await locate(this.root, normalise(apiPath));
    // What is no file, such as a pipe, would be read for ever.
    if (!(await stat(file)).isFile()) throw new HttpError(404, `There is no notebook at ${apiPath}`);
    // The exporter's libraries are loaded by the thread and go with it.
    const { name, mimetype, data } = await this.background.run(
      "exported",
      { root: this.root, file, format },
      Number.POSITIVE_INFINITY,
    );
    const headers = {
      "Content-Type": mimetype,
      "Content-Security-Policy": "sandbox; frame-ancestors 'self'",
    };
    const isShown = query.get("download") === "false";
    return { bytes: data, headers: isShown ? headers : { ...headers, ...attachment(name) } };
  }
}
