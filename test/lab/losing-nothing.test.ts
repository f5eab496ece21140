import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { bundle, type Client, makePlayground, openLab, project } from "./playground";

const play = makePlayground();
let lab: Client;
const at = (...names: string[]) => path.join(play.root, ...names);
const read = (...names: string[]) => readFileSync(at(...names), "utf8");
const save = (name: string, content: string, status = 200) =>
  lab.json("PUT", `/api/contents/${name}`, { type: "file", format: "text", content }, status);
const status = async (method: string, name: string, body?: object) =>
  (await lab.call(method, `/api/contents/${name}`, body)).status;
const copy = (from: string, into = "") =>
  lab.json<{ path: string }>("POST", `/api/contents/${into}`, { copy_from: from }, 201);

// Somebody who may do everything may also write where nobody may.
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  vi.stubEnv("XDG_DATA_HOME", path.join(play.user, "..", "data"));
  lab = await openLab(play);
});

beforeEach(() => {
  rmSync(play.root, { recursive: true });
  mkdirSync(at("sub"), { recursive: true });
  writeFileSync(at("real.txt"), "REAL");
  writeFileSync(at("sub", "inner.txt"), "INNER");
});

afterAll(async () => {
  await lab.lab.close();
  vi.unstubAllEnvs();
  play.remove();
});

describe.skipIf(process.platform === "win32")("a symbolic link", () => {
  it("is deleted, and what it leads to stays", async () => {
    symlinkSync("real.txt", at("link.txt"));
    symlinkSync("sub", at("folder-link"));
    expect(await status("DELETE", "link.txt")).toBe(204);
    expect(await status("DELETE", "folder-link")).toBe(204);
    expect(readdirSync(play.root).sort()).toEqual(["real.txt", "sub"]);
    expect(read("sub", "inner.txt")).toBe("INNER");
  });

  it("is renamed, and what it leads to stays", async () => {
    symlinkSync("real.txt", at("link.txt"));
    expect(await status("PATCH", "link.txt", { path: "moved.txt" })).toBe(200);
    expect(readlinkSync(at("moved.txt"))).toBe("real.txt");
    expect(read("real.txt")).toBe("REAL");
  });

  it("is copied as a link to the same place", async () => {
    symlinkSync("real.txt", at("link.txt"));
    expect((await copy("link.txt")).path).toBe("link-Copy1.txt");
    expect((await copy("link.txt", "sub")).path).toBe("sub/link.txt");
    expect(lstatSync(at("sub", "link.txt")).isSymbolicLink()).toBe(true);
    expect(read("sub", "link.txt")).toBe("REAL");
  });

  it("is written through, and stays a link", async () => {
    symlinkSync("real.txt", at("link.txt"));
    await save("link.txt", "NEW");
    expect(read("real.txt")).toBe("NEW");
    expect(lstatSync(at("link.txt")).isSymbolicLink()).toBe(true);
  });

  it("still leads to the same place when it is moved to another folder", async () => {
    symlinkSync("real.txt", at("link.txt"));
    expect(await status("PATCH", "link.txt", { path: "sub/link.txt" })).toBe(200);
    expect(read("sub", "link.txt")).toBe("REAL");
    expect(readdirSync(play.root).sort()).toEqual(["real.txt", "sub"]);
  });

  it("that leads nowhere can be deleted and renamed, and is not overwritten by a rename", async () => {
    symlinkSync("gone", at("dangling"));
    expect(await status("PATCH", "real.txt", { path: "dangling" })).toBe(409);
    expect(await status("DELETE", "dangling")).toBe(204);
    expect(existsSync(at("real.txt"))).toBe(true);
  });
});

describe("a folder", () => {
  it("is copied with what is in it, links as links", async () => {
    mkdirSync(at("sub", "deep"));
    symlinkSync("inner.txt", at("sub", "link"));
    expect((await copy("sub")).path).toBe("sub-Copy1");
    expect(read("sub-Copy1", "inner.txt")).toBe("INNER");
    expect(readlinkSync(at("sub-Copy1", "link"))).toBe("inner.txt");
    expect((await copy("sub")).path).toBe("sub-Copy2");
  });

  it("is not copied or moved into itself", async () => {
    expect(await status("POST", "sub", { copy_from: "sub" })).toBe(400);
    expect(await status("PATCH", "sub", { path: "sub/sub" })).toBe(400);
    expect(read("sub", "inner.txt")).toBe("INNER");
  });

  it("is deleted with what is in it, to the trash", async () => {
    expect(await status("DELETE", "sub")).toBe(204);
    expect(existsSync(at("sub"))).toBe(false);
    const trash = path.join(play.user, "..", "data", "Trash", "files");
    if (process.platform === "linux")
      expect(readdirSync(trash).some((name) => existsSync(path.join(trash, name, "inner.txt")))).toBe(true);
  });

  it("lists the rest where one entry cannot be looked at", async () => {
    symlinkSync("loop", at("loop"));
    const { content } = await lab.json<{ content: { name: string }[] }>("GET", "/api/contents");
    expect(content.map(({ name }) => name).sort()).toEqual(["real.txt", "sub"]);
    expect(await status("GET", "loop")).toBe(400);
  });

  it.skipIf(process.platform === "win32")("has names with a backslash and a colon", async () => {
    await save("a:b.txt", "colon", 201);
    await save(encodeURIComponent("back\\slash.txt"), "backslash", 201);
    const { content } = await lab.json<{ content: { name: string }[] }>("GET", "/api/contents");
    expect(content.map(({ name }) => name)).toEqual(expect.arrayContaining(["a:b.txt", "back\\slash.txt"]));
    expect(read("back\\slash.txt")).toBe("backslash");
  });

  it("called checkpoints is a folder like any other", async () => {
    mkdirSync(at("sub", "checkpoints"));
    const model = await lab.json<{ type: string }>("GET", "/api/contents/sub/checkpoints?content=1");
    expect(model.type).toBe("directory");
    expect((await copy("real.txt", "sub/checkpoints")).path).toBe("sub/checkpoints/real.txt");
    expect(await status("DELETE", "sub/checkpoints/real.txt")).toBe(204);
    expect(existsSync(at("sub", "checkpoints", "real.txt"))).toBe(false);
    mkdirSync(at("sub", "checkpoints", "run1"));
    expect((await copy("real.txt", "sub/checkpoints/run1")).path).toBe("sub/checkpoints/run1/real.txt");
  });
});

describe.skipIf(process.platform === "win32")("a pipe", () => {
  const makePipe = (...names: string[]) => execFileSync("mkfifo", [at(...names)]);

  it("holds up nobody who reads it, and is not replaced by a file", async () => {
    makePipe("pipe.png");
    // More than the threads that all of Node's file operations share.
    const asked = Array.from({ length: 8 }, () => lab.call("GET", "/files/pipe.png"));
    expect((await Promise.all(asked)).map((answer) => answer.status)).toEqual(Array(8).fill(404));
    expect((await lab.call("GET", "/nbconvert/html/pipe.png")).status).toBe(404);
    expect(await status("GET", "pipe.png")).toBe(404);
    expect(await status("PUT", "pipe.png", { type: "file", content: "x" })).toBe(400);
    const part = { type: "file", content: "x", format: "text", chunk: 1 };
    await status("PUT", "pipe.png", part);
    expect(await status("PUT", "pipe.png", { ...part, chunk: -1 })).toBe(400);
    expect(lstatSync(at("pipe.png")).isFIFO()).toBe(true);
  });

  it("as an image does not keep an export waiting", async () => {
    makePipe("pipe.png");
    const source = "![a pipe](pipe.png) text";
    const cells = [{ cell_type: "markdown", metadata: {}, source }];
    const content = { nbformat: 4, nbformat_minor: 4, metadata: {}, cells };
    await lab.json("PUT", "/api/contents/p.ipynb", { type: "notebook", content }, 201);
    expect(await (await lab.call("GET", "/nbconvert/html/p.ipynb")).text()).toContain("text");
  });

  it("is left out of the copy of its folder", async () => {
    makePipe("sub", "pipe");
    expect((await copy("sub")).path).toBe("sub-Copy1");
    expect(readdirSync(at("sub-Copy1"))).toEqual(["inner.txt"]);
  });
});

describe("changes at the same time", () => {
  it("renames of two files to one name leave both", async () => {
    writeFileSync(at("other.txt"), "OTHER");
    const names = ["real.txt", "other.txt"];
    const asked = names.map((name) => status("PATCH", name, { path: "one.txt" }));
    expect((await Promise.all(asked)).sort()).toEqual([200, 409]);
    const left = readdirSync(play.root).filter((name) => name.endsWith(".txt"));
    expect(left.map((name) => read(name)).sort()).toEqual(["OTHER", "REAL"]);
  });

  it("new files and copies each get a name of their own", async () => {
    const untitled = Array.from({ length: 6 }, () =>
      lab.json<{ path: string }>("POST", "/api/contents/", { type: "notebook" }, 201),
    );
    const copies = Array.from({ length: 6 }, () => copy("sub"));
    const made = await Promise.all([...untitled, ...copies]);
    expect(new Set(made.map(({ path }) => path)).size).toBe(12);
  });
});

describe("a checkpoint", () => {
  const make = (name: string) => lab.json("POST", `/api/contents/${name}/checkpoints`, undefined, 201);
  const list = (name: string) => lab.json<unknown[]>("GET", `/api/contents/${name}/checkpoints`);

  it("follows its file, and the folder of its file, and leaves nothing behind", async () => {
    await make("real.txt");
    await make("sub/inner.txt");
    await status("PATCH", "real.txt", { path: "r2.txt" });
    await status("PATCH", "sub", { path: "sub2" });
    await save("r2.txt", "CHANGED");
    await save("sub2/inner.txt", "CHANGED");
    expect(await status("POST", "r2.txt/checkpoints/checkpoint")).toBe(204);
    expect(await status("POST", "sub2/inner.txt/checkpoints/checkpoint")).toBe(204);
    expect([read("r2.txt"), read("sub2", "inner.txt")]).toEqual(["REAL", "INNER"]);
    writeFileSync(at("real.txt"), "another");
    expect(await list("real.txt")).toEqual([]);
  });

  it("is only the one that there is", async () => {
    await make("real.txt");
    expect(await status("POST", "real.txt/checkpoints/bogus")).toBe(404);
    expect(await status("DELETE", "real.txt/checkpoints/bogus")).toBe(404);
    expect(await status("DELETE", "real.txt/checkpoints/checkpoint")).toBe(204);
    expect(await status("DELETE", "real.txt/checkpoints/checkpoint")).toBe(404);
    expect(await status("POST", "real.txt/checkpoints/checkpoint")).toBe(404);
    expect(read("real.txt")).toBe("REAL");
  });

  it("belongs to a file of one root", async () => {
    await make("real.txt");
    const root = path.join(play.user, "..", "other-root");
    mkdirSync(root);
    writeFileSync(path.join(root, "real.txt"), "OTHER");
    const other = await openLab({ ...play, root });
    expect(await other.json("GET", "/api/contents/real.txt/checkpoints")).toEqual([]);
    expect((await other.call("POST", "/api/contents/real.txt/checkpoints/checkpoint")).status).toBe(404);
    await other.lab.close();
    expect(readFileSync(path.join(root, "real.txt"), "utf8")).toBe("OTHER");
  });

  it("goes with a file that is deleted", async () => {
    await make("real.txt");
    await status("DELETE", "real.txt");
    writeFileSync(at("real.txt"), "another");
    expect(await list("real.txt")).toEqual([]);
  });
});

describe.skipIf(process.platform === "win32")("a save", () => {
  it("keeps the other names of a file", async () => {
    linkSync(at("real.txt"), at("other-name.txt"));
    await save("real.txt", "a longer text than before");
    expect(read("other-name.txt")).toBe("a longer text than before");
    await save("real.txt", "short");
    expect(read("other-name.txt")).toBe("short");
    expect(readdirSync(path.join(play.user, "saving"))).toEqual([]);
  });

  it("keeps the mode of a file, and no draft of it can be read by others", async () => {
    chmodSync(at("real.txt"), 0o600);
    await save("real.txt", "secret");
    expect(statSync(at("real.txt")).mode & 0o777).toBe(0o600);
    await save("new.txt", "new", 201);
    expect(statSync(at("new.txt")).mode & 0o777).toBe(0o666 & ~process.umask());
  });

  it.runIf(isRoot)("keeps the owner of a file", async () => {
    chownSync(at("real.txt"), 1234, 1234);
    await save("real.txt", "mine");
    expect(statSync(at("real.txt"))).toMatchObject({ uid: 1234, gid: 1234 });
  });

  it.skipIf(isRoot)("works in a folder that is read-only, and not on a file that is", async () => {
    chmodSync(at("sub"), 0o555);
    await save("sub/inner.txt", "written");
    expect(read("sub", "inner.txt")).toBe("written");
    chmodSync(at("sub"), 0o755);
    chmodSync(at("real.txt"), 0o444);
    expect(await lab.json("GET", "/api/contents/real.txt?content=0")).toMatchObject({ writable: false });
    expect(await status("PUT", "real.txt", { type: "file", content: "x" })).toBe(403);
  });

  it.each([
    ["is ended where the file is made of both", "New words", "Old words", "New texts", "New texts"],
    [
      "is ended where the end is there and the start is not",
      "Old text, longer",
      "Old text",
      "New text, longer",
      "New text, longer",
    ],
    ["is ended where the new one is shorter", "New text, longer", "Old text, longer", "New", "New"],
    [
      "is ended where the disk has zeros",
      "New text\0\0\0\0\0\0\0\0",
      "Old text",
      "New text, longer",
      "New text, longer",
    ],
    ["is left where nothing was written", "Old text", "Old text", "New text, longer", "Old text"],
    [
      "is left where somebody else has written",
      "Somebody else's",
      "Old text",
      "New text, longer",
      "Somebody else's",
    ],
    ["is left where somebody else has cut the file off", "Ol", "Old text", "New text, longer", "Ol"],
  ])("that a crash cut off in the middle %s", async (_, now, before, after, then) => {
    const entry = path.join(play.user, "saving", "1");
    mkdirSync(entry, { recursive: true });
    writeFileSync(at("real.txt"), now);
    for (const [name, text] of Object.entries({ file: at("real.txt"), before, after }))
      writeFileSync(path.join(entry, name), text);
    await (await openLab(play)).lab.close();
    expect(read("real.txt")).toBe(then);
    expect(readdirSync(path.join(play.user, "saving"))).toEqual([]);
  });

  it("does not put a file into the place of a folder", async () => {
    expect(await status("PUT", "sub", { type: "file", content: "x" })).toBe(400);
    expect(read("sub", "inner.txt")).toBe("INNER");
  });
});

describe("an upload in parts", () => {
  const part = (text: string, chunk: number) => ({ type: "file", format: "text", content: text, chunk });

  it("replaces a file only when it is whole", async () => {
    await lab.json("PUT", "/api/contents/real.txt", part("one ", 1));
    expect(read("real.txt")).toBe("REAL");
    await lab.json("PUT", "/api/contents/real.txt", part("two", -1));
    expect(read("real.txt")).toBe("one two");
    expect(readdirSync(path.join(play.user, "uploads", String(process.pid)))).toEqual([]);
  });

  it("outlives the start of another server of the same user", async () => {
    await lab.json("PUT", "/api/contents/real.txt", part("one ", 1));
    const script = `require(process.argv[1]).startLab({ root: process.argv[2], bundle: process.argv[3],
      userFolder: process.argv[4], port: 0 }).then((lab) => lab.close())`;
    const server = path.join(project, "lab/server/dist/index.js");
    execFileSync(process.execPath, ["-e", script, server, play.root, bundle, play.user]);
    await lab.json("PUT", "/api/contents/real.txt", part("two", -1));
    expect(read("real.txt")).toBe("one two");
  });

  it("whose first parts are gone is refused, and the file stays as it was", async () => {
    await lab.json("PUT", "/api/contents/real.txt", part("one ", 1));
    const uploads = path.join(play.user, "uploads", String(process.pid));
    for (const name of readdirSync(uploads)) rmSync(path.join(uploads, name));
    expect(await status("PUT", "real.txt", part("two", -1))).toBe(400);
    expect(read("real.txt")).toBe("REAL");
  });

  it("out of order is refused, and the file stays as it was", async () => {
    await lab.json("PUT", "/api/contents/real.txt", part("one ", 1));
    expect(await status("PUT", "real.txt", part("three", 3))).toBe(400);
    expect(read("real.txt")).toBe("REAL");
  });
});

describe("trust", () => {
  it("of outputs that are in use is not forgotten, and cannot be forged without the key", async () => {
    const cell = (trusted: boolean) => ({
      cell_type: "code",
      source: "1",
      execution_count: 1,
      metadata: { trusted },
      outputs: [{ output_type: "display_data", metadata: {}, data: { "text/html": "<b>1</b>" } }],
    });
    const content = { nbformat: 4, nbformat_minor: 4, metadata: {}, cells: [cell(true)] };
    await lab.json("PUT", "/api/contents/t.ipynb", { type: "notebook", content }, 201);
    const isTrusted = async () =>
      (
        await lab.json<{ content: { cells: { metadata: { trusted: boolean } }[] } }>(
          "GET",
          "/api/contents/t.ipynb",
        )
      ).content.cells[0]!.metadata.trusted;
    expect(await isTrusted()).toBe(true);
    expect(statSync(path.join(play.user, "trust-key")).mode & 0o777).toBe(0o600);
    expect(statSync(play.user).mode & 0o777).toBe(0o700);
    rmSync(path.join(play.user, "trust-key"));
    expect(await isTrusted()).toBe(false);
  });
});
