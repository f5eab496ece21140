import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findNotebooks, writeAtomically } from "../../notebook-tools/nbformat";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nb-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("writeAtomically", () => {
  test("replaces a file and leaves nothing else behind", async () => {
    const file = join(folder, "a.ipynb");
    await writeFile(file, "old");
    await writeAtomically(file, "new é");
    expect(await readFile(file, "utf8")).toBe("new é");
    expect(await readdir(folder)).toEqual(["a.ipynb"]);
  });

  test("writes a long text as it is, also where a character takes two units", async () => {
    const text = `a${"😀é".repeat(2 ** 20)}`;
    await writeAtomically(join(folder, "a"), text);
    expect((await readFile(join(folder, "a"), "utf8")) === text).toBe(true);
  });

  test("makes missing folders", async () => {
    await writeAtomically(join(folder, "a", "b.ipynb"), "new");
    expect(await readFile(join(folder, "a", "b.ipynb"), "utf8")).toBe("new");
  });

  test.skipIf(process.platform === "win32")("keeps the permissions", async () => {
    const file = join(folder, "a.ipynb");
    await writeFile(file, "old");
    await chmod(file, 0o640);
    await writeAtomically(file, "new");
    expect((await stat(file)).mode & 0o777).toBe(0o640);
  });

  test.skipIf(process.platform === "win32")("writes the file that a symbolic link names", async () => {
    const [file, link] = [join(folder, "a.ipynb"), join(folder, "link.ipynb")];
    await writeFile(file, "old");
    await symlink("a.ipynb", link);
    await writeAtomically(link, "new");
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await readFile(file, "utf8")).toBe("new");
  });

  test("leaves the old one and no draft when it fails", async () => {
    const taken = join(folder, "a.ipynb");
    await mkdir(taken);
    await writeFile(join(taken, "inside"), "old");
    await expect(writeAtomically(taken, "new")).rejects.toThrow(
      /a\.ipynb: could not be written \(.*\); check the folder/,
    );
    expect(await readFile(join(taken, "inside"), "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a.ipynb"]);
  });
});

test("findNotebooks finds notebooks below folders, sorted, but no checkpoints, packages or hidden files", async () => {
  const names = ["b.ipynb", "a/c.ipynb", "notes.md", ".ipynb_checkpoints/b.ipynb", "node_modules/x.ipynb"];
  for (const name of names) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), "{}");
  }
  const found = await findNotebooks([folder, join(folder, "a", "c.ipynb")]);
  expect(found.map(({ relative }) => relative)).toEqual([join("a", "c.ipynb"), "b.ipynb", "c.ipynb"]);
});
