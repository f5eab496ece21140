import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Client, makePlayground, openLab } from "./playground";

interface Model {
  name: string;
  path: string;
  type: string;
  format: string | null;
  mimetype: string | null;
  hash?: string;
  size?: number | null;
  last_modified: string;
  // biome-ignore lint/suspicious/noExplicitAny: a notebook, a text or a list, as each test knows.
  content: any;
}

const play = makePlayground();
let lab: Client;
const onDisk = (name: string) => readFileSync(path.join(play.root, name), "utf8");
const get = (address: string) => lab.json<Model>("GET", `/api/contents/${address}`);
const put = (address: string, body: object, status = 200) =>
  lab.json<Model>("PUT", `/api/contents/${address}`, body, status);

beforeAll(async () => {
  lab = await openLab(play);
});

beforeEach(() => play.put("chart.ipynb", "stranger.ipynb"));

afterAll(async () => {
  await lab.lab.close();
  play.remove();
});

describe("a notebook", () => {
  it("opens with each text as one string", async () => {
    const { type, format, content } = await get("chart.ipynb");
    expect([type, format]).toEqual(["notebook", "json"]);
    expect(content.cells[0].source).toBe(
      "# A chart\n\nThree bars, drawn by the front end from a Vega-Lite spec.",
    );
  });

  it("saved unchanged leaves the file as it was, byte for byte", async () => {
    const before = onDisk("chart.ipynb");
    const { content } = await get("chart.ipynb");
    await put("chart.ipynb", { type: "notebook", format: "json", content });
    expect(onDisk("chart.ipynb")).toBe(before);
  });

  it("is laid out as Jupyter does: one space, sorted names, lists of lines, a newline at the end", async () => {
    const { content } = await get("chart.ipynb");
    content.cells[0].source = "# Ж\nnew";
    await put("chart.ipynb", { type: "notebook", format: "json", content });
    const text = onDisk("chart.ipynb");
    expect(text).toContain('\n   "source": [\n    "# Ж\\n",\n    "new"\n   ]\n');
    expect(text.endsWith("}\n")).toBe(true);
    expect(readdirSync(play.root).filter((name) => name.includes("tmp"))).toEqual([]);
  });

  it.each([
    ["is not JSON", "{", /broken\.ipynb:1/],
    ["is no notebook", '{"nbformat": 5, "cells": []}', /nbformat 5/],
    ["has a cell of no kind", '{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[{}]}', /cell 1/],
  ])("that %s is refused with the place and what to do", async (_, text, words) => {
    writeFileSync(path.join(play.root, "broken.ipynb"), text);
    const answer = await lab.call("GET", "/api/contents/broken.ipynb");
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { message: string }).message).toMatch(words);
  });

  it("that would not open again is not saved", async () => {
    const before = onDisk("chart.ipynb");
    const content = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [{ cell_type: "odd" }] };
    const answer = await lab.call("PUT", "/api/contents/chart.ipynb", { type: "notebook", content });
    expect(answer.status).toBe(400);
    expect(onDisk("chart.ipynb")).toBe(before);
  });
});

describe("an export", () => {
  it.each([
    ["html", "chart.html", "<h1"],
    ["script", "chart.ts", "const bars"],
  ])("to %s is one file to save", async (format, name, words) => {
    const answer = await lab.call("GET", `/nbconvert/${format}/chart.ipynb?download=true`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-disposition")).toContain(name);
    expect(await answer.text()).toContain(words);
    expect(Object.keys(await lab.json("GET", "/api/nbconvert"))).toContain(format);
  });

  it.each([
    ["pdf/chart.ipynb", 404],
    ["html/none.ipynb", 404],
    ["html/../../package.json", 404],
    ["html/broken.ipynb", 400],
  ])("of %s is refused", async (address, status) => {
    writeFileSync(path.join(play.root, "broken.ipynb"), "{");
    expect((await lab.call("GET", `/nbconvert/${address}`)).status).toBe(status);
  });
});

describe("trust", () => {
  const marks = (model: Model) =>
    model.content.cells
      .filter((cell: { cell_type: string }) => cell.cell_type === "code")
      .map((cell: { metadata: { trusted?: boolean } }) => cell.metadata.trusted);

  it("is not given to outputs that were not made here, and is to cells without outputs", async () => {
    expect(new Set(marks(await get("stranger.ipynb")))).toEqual(new Set([false]));
    expect(new Set(marks(await get("chart.ipynb")))).toEqual(new Set([true]));
  });

  it("is kept for outputs that ran here, over a save, without a trace in the file", async () => {
    const { content } = await get("stranger.ipynb");
    content.cells.find((cell: { cell_type: string }) => cell.cell_type === "code").metadata.trusted = true;
    await put("stranger.ipynb", { type: "notebook", format: "json", content });
    expect(onDisk("stranger.ipynb")).not.toContain("trusted");
    expect(marks(await get("stranger.ipynb")).slice(0, 2)).toEqual([true, false]);
  });

  it("ends when the outputs are changed by someone else", async () => {
    const text = onDisk("stranger.ipynb").replaceAll("stranger", "other");
    writeFileSync(path.join(play.root, "other.ipynb"), text);
    expect(marks(await get("other.ipynb"))[0]).toBe(false);
  });
});

describe("a file", () => {
  it("comes as text, or as base64 when it is none", async () => {
    writeFileSync(path.join(play.root, "a.csv"), "x,y\n1,2\n");
    writeFileSync(path.join(play.root, "b.png"), Buffer.from([0x89, 0x50, 0xff]));
    expect(await get("a.csv")).toMatchObject({ format: "text", mimetype: "text/csv", content: "x,y\n1,2\n" });
    expect(await get("b.png")).toMatchObject({ format: "base64", mimetype: "image/png", content: "iVD/" });
    expect((await lab.call("GET", "/api/contents/b.png?format=text")).status).toBe(400);
  });

  it("says whether it changed on the disk by its hash", async () => {
    writeFileSync(path.join(play.root, "a.txt"), "one");
    const saved = await put("a.txt", { type: "file", format: "text", content: "two" });
    const seen = await lab.json<Model>("GET", "/api/contents/a.txt?content=0&hash=1");
    expect(seen.content).toBeNull();
    expect(seen.hash).toBe(saved.hash);
    writeFileSync(path.join(play.root, "a.txt"), "three");
    expect((await get("a.txt")).hash).not.toBe(saved.hash);
  });

  it("keeps its mode when it is saved", async () => {
    writeFileSync(path.join(play.root, "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
    await put("run.sh", { type: "file", format: "text", content: "#!/bin/sh\ntrue\n" });
    if (process.platform !== "win32")
      expect(statSync(path.join(play.root, "run.sh")).mode & 0o777).toBe(0o755);
    expect(onDisk("run.sh")).toBe("#!/bin/sh\ntrue\n");
  });

  it("is uploaded in parts", async () => {
    const part = (text: string, chunk: number) => ({
      type: "file",
      format: "base64",
      content: Buffer.from(text).toString("base64"),
      chunk,
    });
    await put("big.bin", part("one ", 1), 201);
    expect(existsSync(path.join(play.root, "big.bin"))).toBe(false);
    await put("big.bin", part("two ", 2), 201);
    await put("big.bin", part("three", -1), 201);
    expect(onDisk("big.bin")).toBe("one two three");
  });

  it("that is too large for a page is refused before it is read", async () => {
    const huge = path.join(play.root, "huge.bin");
    writeFileSync(huge, "");
    truncateSync(huge, 3_000_000_000);
    expect((await lab.call("GET", "/api/contents/huge.bin")).status).toBe(413);
    expect((await get("huge.bin?content=0")).size).toBe(3_000_000_000);
    rmSync(huge);
  });

  it("that is not base64 is refused at once, however long it is", async () => {
    // Read in two ways, so much white space would take minutes, in which nobody else is answered.
    const content = `${" ".repeat(400_000)}!`;
    const body = { type: "file", format: "base64", content };
    expect((await lab.call("PUT", "/api/contents/long.bin", body)).status).toBe(400);
  });

  it("goes back to its checkpoint", async () => {
    writeFileSync(path.join(play.root, "c.txt"), "before");
    await lab.json("POST", "/api/contents/c.txt/checkpoints", undefined, 201);
    await put("c.txt", { type: "file", format: "text", content: "after" });
    const [checkpoint] = await lab.json<{ id: string }[]>("GET", "/api/contents/c.txt/checkpoints");
    expect((await lab.call("POST", `/api/contents/c.txt/checkpoints/${checkpoint?.id}`)).status).toBe(204);
    expect(onDisk("c.txt")).toBe("before");
    expect(readdirSync(play.root).some((name) => name.includes("checkpoint"))).toBe(false);
  });
});

describe("files and folders", () => {
  it("are made, copied, renamed and deleted", async () => {
    const folder = await lab.json<Model>("POST", "/api/contents", { type: "directory" }, 201);
    const made = await lab.json<Model>("POST", `/api/contents/${folder.path}`, { type: "notebook" }, 201);
    expect(made.path).toBe("Untitled Folder/Untitled.ipynb");
    expect((await get(made.path)).content.cells).toEqual([]);
    const copied = await lab.json<Model>("POST", "/api/contents", { copy_from: made.path }, 201);
    expect(copied.path).toBe("Untitled.ipynb");
    const again = await lab.json<Model>("POST", "/api/contents", { copy_from: made.path }, 201);
    expect(again.path).toBe("Untitled-Copy1.ipynb");
    await lab.json<Model>("PATCH", `/api/contents/${copied.path}`, { path: "b ж.ipynb" });
    expect(existsSync(path.join(play.root, "b ж.ipynb"))).toBe(true);
    expect((await lab.call("DELETE", `/api/contents/${folder.path}`)).status).toBe(204);
    expect(existsSync(path.join(play.root, folder.path))).toBe(false);
  });

  it("are not overwritten by a rename", async () => {
    const answer = await lab.call("PATCH", "/api/contents/chart.ipynb", { path: "stranger.ipynb" });
    expect(answer.status).toBe(409);
  });

  it("list as models without content", async () => {
    mkdirSync(path.join(play.root, "sub"), { recursive: true });
    const { content } = await get("");
    expect(content.find(({ name }: Model) => name === "sub").type).toBe("directory");
    expect(content.find(({ name }: Model) => name === "chart.ipynb")).toMatchObject({
      type: "notebook",
      content: null,
    });
  });
});

describe("settings and layouts", () => {
  const id = "@jupyterlab/apputils-extension:themes";

  it("come with their schema, and the user's own values are kept", async () => {
    const raw = '{ // mine\n "theme": "JupyterLab Dark" }';
    expect((await lab.call("PUT", `/lab/api/settings/${id}`, { raw })).status).toBe(204);
    expect(await lab.json("GET", `/lab/api/settings/${id}`)).toMatchObject({
      id,
      raw,
      schema: { type: "object" },
    });
    const { settings } = await lab.json<{ settings: { id: string }[] }>(
      "GET",
      "/lab/api/settings?ids_only=true",
    );
    expect(settings.map((plugin) => plugin.id)).toContain(id);
  });

  it("ask the network for nothing by default", async () => {
    const { schema } = await lab.json<{ schema: { properties: Record<string, { default: unknown }> } }>(
      "GET",
      "/lab/api/settings/@jupyterlab/apputils-extension:notification",
    );
    expect(schema.properties.fetchNews?.default).toBe("false");
    expect(schema.properties.checkForUpdates?.default).toBe(false);
  });

  it("keep a layout until it is removed", async () => {
    const workspace = { data: { layout: 1 }, metadata: { id: "default" } };
    expect((await lab.call("PUT", "/lab/api/workspaces/default", workspace)).status).toBe(204);
    expect(await lab.json("GET", "/lab/api/workspaces/default")).toEqual(workspace);
    expect(await lab.json("GET", "/lab/api/workspaces")).toEqual({
      workspaces: { ids: ["default"], values: [workspace] },
    });
    expect((await lab.call("DELETE", "/lab/api/workspaces/default")).status).toBe(204);
    expect(await lab.json("GET", "/lab/api/workspaces/default")).toMatchObject({ data: {} });
  });
});
