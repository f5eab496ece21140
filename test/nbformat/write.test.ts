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
import { checkWritable, writeAtomically } from "../../notebook-tools/nbformat";

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
      /a\.ipynb: could not be written, because a folder is in its place; move the folder away/,
    );
    expect(await readFile(join(taken, "inside"), "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a.ipynb"]);
  });

  test("takes a file with the longest name that there can be", async () => {
    const file = join(folder, `${"n".repeat(249)}.ipynb`);
    await writeAtomically(file, "old");
    await writeAtomically(file, "new");
    expect(await readFile(file, "utf8")).toBe("new");
  });

  test("says that a file is where the folder should be", async () => {
    await writeFile(join(folder, "a"), "");
    for (const within of ["a/b.ipynb", "a/b/c.ipynb"])
      await expect(writeAtomically(join(folder, within), "new")).rejects.toThrow(
        /because a file is in the place of its folder; name another folder/,
      );
  });

  // There the system denies that the parent is there, and Node's recursive mkdir tries for ever.
  test.skipIf(process.platform !== "linux")("comes back where no folder can be made", async () => {
    await expect(writeAtomically("/proc/no-such/b/c.ipynb", "new")).rejects.toThrow(
      /could not be written \(ENOENT.*\/proc\/no-such'\); check the folder/,
    );
  });
});

describe("checkWritable", () => {
  test("makes the folder, changes no file and leaves none behind", async () => {
    const file = join(folder, "deep", "a.ipynb");
    await checkWritable(file);
    expect(await readdir(join(folder, "deep"))).toEqual([]);
    await writeFile(file, "old");
    await checkWritable(file);
    expect(await readFile(file, "utf8")).toBe("old");
  });

  test("throws where a folder is in the file's place", async () => {
    await expect(checkWritable(folder)).rejects.toThrow(/a folder is in its place/);
  });
});
