import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { unlessMissing, writeOwnFile } from "../contents/paths";
import { HttpError } from "../http/errors";
import { type Reply, wellFormed } from "../http/reply";
import type { Call, Route } from "../http/router";

const extension = ".jupyterlab-workspace";

/** `/lab/api/workspaces`: which tabs were open where, one file a workspace in `folder`. */
export class Workspaces {
  constructor(readonly folder: string) {}

  readonly routes: readonly Route[] = [
    ["GET", "/lab/api/workspaces", "All layouts", () => this.#list()],
    [
      "GET",
      "/lab/api/workspaces/{id+}",
      "A layout",
      async ({ params }) => ({ json: await this.#read(params.id ?? "") }),
    ],
    ["PUT", "/lab/api/workspaces/{id+}", "Save a layout", (call) => this.#save(call)],
    ["DELETE", "/lab/api/workspaces/{id+}", "Forget a layout", (call) => this.#remove(call)],
  ];

  #fileOf(id: string): string {
    return path.join(this.folder, encodeURIComponent(wellFormed(id)) + extension);
  }

  // A workspace holds nothing but the layout, so a broken file is as good as none.
  async #read(id: string): Promise<unknown> {
    const empty = { data: {}, metadata: { id } };
    const text = await unlessMissing(() => readFile(this.#fileOf(id), "utf8"));
    if (text === null) return empty;
    try {
      return JSON.parse(text);
    } catch {
      return empty;
    }
  }

  async #list(): Promise<Reply> {
    const files = (await unlessMissing(() => readdir(this.folder))) ?? [];
    const ids = files.flatMap((file) => {
      const name = file.endsWith(extension) ? file.slice(0, -extension.length) : "";
      try {
        return name === "" ? [] : [decodeURIComponent(name)];
      } catch {
        return []; // Not a name that was given here.
      }
    });
    const values = await Promise.all(ids.map((id) => this.#read(id)));
    return { json: { workspaces: { ids, values } } };
  }

  async #save(call: Call): Promise<Reply> {
    const body = await call.body();
    const id = call.params.id ?? "";
    if ((body.metadata as { id?: unknown } | undefined)?.id !== id)
      throw new HttpError(400, `The workspace's metadata.id must be ${id}.`);
    await writeOwnFile(this.#fileOf(id), JSON.stringify(body));
    return { status: 204 };
  }

  async #remove({ params }: Call): Promise<Reply> {
    await rm(this.#fileOf(params.id ?? ""), { force: true });
    return { status: 204 };
  }
}
