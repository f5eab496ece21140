import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { unlessMissing, writeOwnFile } from "../contents/paths";
import { type Call, HttpError, type Route } from "../http/router";

const extension = ".jupyterlab-workspace";

/** `/lab/api/workspaces`: which tabs were open where, one file a workspace in `folder`. */
export function workspaceRoutes(folder: string): Route[] {
  const fileOf = (id: string) => path.join(folder, encodeURIComponent(id) + extension);

  // A workspace holds nothing but the layout, so a broken file is as good as none.
  async function read(id: string): Promise<unknown> {
    const empty = { data: {}, metadata: { id } };
    const text = await unlessMissing(() => readFile(fileOf(id), "utf8"));
    if (text === null) return empty;
    try {
      return JSON.parse(text);
    } catch {
      return empty;
    }
  }

  async function list() {
    const files = (await unlessMissing(() => readdir(folder))) ?? [];
    const ids = files
      .filter((file) => file.endsWith(extension))
      .map((file) => decodeURIComponent(file.slice(0, -extension.length)));
    return { json: { workspaces: { ids, values: await Promise.all(ids.map(read)) } } };
  }

  async function save(call: Call) {
    const body = await call.body();
    const id = call.params[0] ?? "";
    if ((body.metadata as { id?: unknown } | undefined)?.id !== id)
      throw new HttpError(400, `The workspace's metadata.id must be ${id}.`);
    await writeOwnFile(fileOf(id), JSON.stringify(body));
    return { status: 204 };
  }

  async function remove({ params }: Call) {
    await rm(fileOf(params[0] ?? ""), { force: true });
    return { status: 204 };
  }

  return [
    ["GET", /^\/lab\/api\/workspaces\/?$/, list],
    ["GET", /^\/lab\/api\/workspaces\/(.+)$/, async ({ params }) => ({ json: await read(params[0] ?? "") })],
    ["PUT", /^\/lab\/api\/workspaces\/(.+)$/, save],
    ["DELETE", /^\/lab\/api\/workspaces\/(.+)$/, remove],
  ];
}
