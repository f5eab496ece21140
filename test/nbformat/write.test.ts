import { spawnSync } from "node:child_process";
import { statSync, watch } from "node:fs";
import {
  chmod,
  chown,
  link,
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
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkReplaceable, checkWritable, writeAtomically, writeReport } from "../../notebook-tools/nbformat";

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

  test.skipIf(process.platform === "win32")("keeps the other names of a file", async () => {
    const [file, other] = [join(folder, "a.ipynb"), join(folder, "other.ipynb")];
    await writeFile(file, "old and longer");
    await link(file, other);
    await writeAtomically(file, ["new", " é"]);
    expect(await readFile(other, "utf8")).toBe("new é");
    expect(await readdir(folder)).toEqual(["a.ipynb", "other.ipynb"]);
  });

  test.runIf(process.getuid?.() === 0)("keeps the owner of a file", async () => {
    const file = join(folder, "a.ipynb");
    await writeFile(file, "old");
    await chown(file, 1234, 1234);
    await writeAtomically(file, "new");
    expect(await stat(file)).toMatchObject({ uid: 1234, gid: 1234 });
  });

  test.skipIf(process.platform === "win32")("lets nobody read the draft of a private file", async () => {
    const file = join(folder, "a.ipynb");
    await writeFile(file, "old", { mode: 0o600 });
    const modes = new Set<number>();
    const seen = watch(folder, (_, name) => {
      const stats = statSync(join(folder, String(name)), { throwIfNoEntry: false });
      if (stats) modes.add(stats.mode & 0o777);
    });
    await writeAtomically(file, "n".repeat(5_000_000));
    seen.close();
    expect([...modes].filter((mode) => mode !== 0o600)).toEqual([]);
    await writeAtomically(join(folder, "new"), "new");
    expect((await stat(join(folder, "new"))).mode & 0o777).toBe(0o666 & ~process.umask());
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

// Windows has none of these in folders.
describe.skipIf(process.platform === "win32")("what is not a regular file", () => {
  const place = (name: string) => join(folder, name);

  async function refused(file: string, words: RegExp): Promise<void> {
    const before = await lstat(file);
    for (const write of [writeAtomically, checkWritable, checkReplaceable])
      await expect(write(file, "new")).rejects.toThrow(words);
    const after = await lstat(file);
    expect([after.ino, after.mode]).toEqual([before.ino, before.mode]);
  }

  test("is never replaced: a pipe, a device, a socket, a folder, and links to them", async () => {
    spawnSync("mkfifo", [place("pipe")]);
    const server = createServer().listen(place("socket"));
    await mkdir(place("folder"));
    const kinds: [string, RegExp][] = [
      [place("pipe"), /: is a pipe, and is not replaced by a file; name a regular file\./],
      ["/dev/null", /: is a device, and is not/],
      [place("socket"), /: is a socket, and is not/],
      [place("folder"), /a folder is in its place/],
    ];
    for (const [target, words] of kinds) {
      await symlink(target, place("link"));
      await symlink("link", place("link-to-link"));
      await refused(target, words);
      await refused(place("link"), words);
      await refused(place("link-to-link"), words);
      await rm(place("link"));
      await rm(place("link-to-link"));
    }
    server.close();
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("takes a report as it stands", async () => {
    const [pipe, link] = [place("pipe"), place("link")];
    spawnSync("mkfifo", [pipe]);
    await symlink(pipe, link);
    const read = readFile(pipe, "utf8");
    await writeReport(link, "told");
    expect(await read).toBe("told");
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect((await stat(pipe)).isFIFO()).toBe(true);
  });

  test("of a link to a file that is not there yet, that file is made", async () => {
    await mkdir(place("deep"));
    await symlink(join("deep", "a.ipynb"), place("link"));
    await writeAtomically(place("link"), "new");
    expect((await lstat(place("link"))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(folder, "deep", "a.ipynb"), "utf8")).toBe("new");
  });

  test("a link that leads to itself is refused", async () => {
    await symlink("loop", place("loop"));
    await expect(writeAtomically(place("loop"), "new")).rejects.toThrow(/could not be written \(ELOOP/);
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
