import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, makePlayground, openLab } from "./playground";

const play = makePlayground();
let lab: Client;

beforeAll(async () => {
  lab = await openLab(play);
  mkdirSync(path.join(play.root, "guide"));
  mkdirSync(path.join(play.root, "empty"));
  play.put("chart.ipynb");
  const cells = [{ cell_type: "markdown", metadata: {}, source: "# Start\n\nwords" }];
  const notebook = JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 });
  writeFileSync(path.join(play.root, "guide", "1-start ü.ipynb"), notebook);
  writeFileSync(path.join(play.root, "guide", "2-broken.ipynb"), "{");
});
afterAll(async () => {
  await lab.lab.close();
  play.remove();
});

const leftInTemporaryFolder = () =>
  readdirSync(tmpdir()).filter((name) => name.startsWith("notebooks-site-"));

describe("the notebooks of a folder as a site", () => {
  it("come in one ZIP file, with pages, search and their styles; what cannot be read is named", async () => {
    const before = leftInTemporaryFolder();
    const answer = await lab.call("GET", "/site/guide");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Content-Disposition")).toContain("guide-site.zip");
    const files = unzipSync(new Uint8Array(await answer.arrayBuffer()));
    const names = Object.keys(files);
    expect(names).toEqual(expect.arrayContaining(["index.html", "1-start ü.html", "assets/site.css"]));
    expect(Buffer.from(files["1-start ü.html"]!).toString()).toContain("<h1");
    expect(JSON.parse(decodeURIComponent(answer.headers.get("X-Left-Out")!))).toEqual([
      "guide/2-broken.ipynb",
    ]);
    expect(leftInTemporaryFolder()).toEqual(before);
  });

  it("are those of the whole tree at its top", async () => {
    const answer = await lab.call("GET", "/site/");
    const files = unzipSync(new Uint8Array(await answer.arrayBuffer()));
    expect(Object.keys(files)).toEqual(expect.arrayContaining(["chart.html", "guide/1-start ü.html"]));
  });

  it.each([
    ["nowhere", 404],
    ["empty", 404],
    ["chart.ipynb", 404],
    ["../..", 404],
  ])("are not those of %s", async (folder, status) => {
    const answer = await lab.call("GET", `/site/${encodeURIComponent(folder)}`);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(await answer.json())).not.toContain(play.root);
  });
});
