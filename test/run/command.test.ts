import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { isRunning, until } from "../processes.ts";
import { scripted as fixtureKernel, kernelsForTests, temporaryFolder, writeKernelspec } from "./kernels.ts";
import { nb as nbFile, nbRun, startNb } from "./nb.ts";
import { copyOf, fixture, notebookText, read, writeNotebook } from "./notebooks.ts";

beforeAll(() => {
  process.env.JUPYTER_PATH = kernelsForTests();
  chmodSync(process.env.JUPYTER_PATH, 0o755);
});

const scripted = (...cells: Parameters<typeof writeNotebook>[2]) =>
  writeNotebook("notebook", "scripted", cells);

describe("the exit code", () => {
  it("is 0 when all passed", async () => {
    expect((await nbRun([scripted("print('x')")])).code).toBe(0);
  });

  it("is 1 when a cell failed, and when one differs with --check", async () => {
    expect((await nbRun([scripted("throw new Error('x')")])).code).toBe(1);
    const differs = scripted({
      source: "print('new')",
      outputs: [{ output_type: "stream", name: "stdout", text: ["old"] }],
    });
    const { code, stdout } = await nbRun([differs, "--check"]);
    expect(code).toBe(1);
    expect(stdout).toContain("+ new");
  });

  it.each([
    ["an unknown option", ["--frob"], /unknown option '--frob'/],
    ["a bad number", ["--jobs", "0"], /whole number of at least 1, got "0"/],
    ["a bad timeout", ["--timeout", "soon"], /seconds above 0, at most 2147483, got "soon"/],
    ["a bad shard", ["--shard", "4/3"], /--shard must look like i\/n/],
    ["a bad reporter", ["--reporter", "xml"], /--reporter must be one of tty, github, junit, json/],
    ["a timeout that no timer can hold", ["--timeout", "1e9"], /at most 2147483/],
    ["a reporter that takes no file", ["--reporter", "tty=x"], /--reporter tty takes no file/],
    ["a reporter whose file has no name", ["--reporter", "json="], /lacks the name of a file/],
    ["a wait that no timer can hold", ["--settle", "1e12"], /at least 0, at most 2147483647, got "1e12"/],
    ["a folder without a name", ["--output-dir", ""], /Expected the name of a folder, got nothing/],
    ["durations without a name", ["--durations", ""], /Expected the name of a file, got nothing/],
    ["a kernel without a name", ["--kernel", " "], /Expected the name of a kernel, got nothing/],
    ["durations in a notebook", ["--durations", "a.ipynb"], /a file to write, got the notebook "a\.ipynb"/],
    ["a report in a notebook", ["--reporter", "json=a.ipynb"], /--reporter json would overwrite a notebook/],
    ["a bad parameter", ["--param", "5"], /--param must look like name=value/],
    ["a path that is not there", ["/no/such/folder"], /no such file/],
    ["a folder without notebooks", [temporaryFolder()], /There is no notebook/],
  ])("is 2 for %s, in one sentence", async (_, args, sentence) => {
    const { code, stderr } = await nbRun(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("is 2 for two reporters that would write over each other", async () => {
    const file = scripted("print('x')");
    const one = join(dirname(file), "one");
    expect(await nbRun([file, "-r", `json=${one}`, "-r", `junit=${one}`])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Two reporters would write to .*one\. Give each a file of its own/),
    });
    for (const other of ["junit", "tty", "github"])
      expect((await nbRun([file, "-r", "json", "-r", other])).stderr).toMatch(/would write to stdout/);
  });

  it("is 2 where outputs cannot be stored; what ran is reported all the same, and other notebooks run", async () => {
    const folder = temporaryFolder();
    const out = join(folder, "out");
    // By the first notebook: a folder where its copy should go.
    const block = `(await import("node:fs")).mkdirSync(${JSON.stringify(join(out, "notebook.ipynb"))});`;
    const file = scripted(`${block} print('x'); throw new Error('shown')`);
    const other = writeNotebook("other", "scripted", ["print('y')"], dirname(file));
    const { code, stdout } = await nbRun([file, other, "--output-dir", out]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/Error: shown/);
    expect(stdout).toMatch(/could not be written, because a folder is in its place; move the folder away/);
    expect(stdout).toMatch(/2 notebooks, 2 cells: 1 passed, 1 failed; 1 notebook could not be stored/);
    expect(read(join(out, "other.ipynb"))).toContain('"y"');
    expect(stdout).toContain(`The executed copy is ${join(out, "other.ipynb")}`);
  });

  it.each<[string, string, RegExp]>([
    ["in a file's place", "taken/within", /a file is in the place of its folder; name another folder/],
    ["with a folder in a copy's place", "blocked", /notebook\.ipynb: .*a folder is in its place/],
    ...(process.platform === "linux" // where these are
      ? ([
          ["below /proc, where none can be made", "/proc/no-such/within", /could not be written \(ENOENT/],
          ["that no file can be written to", "/proc", /could not be written \(ENOENT/],
        ] satisfies [string, string, RegExp][])
      : []),
  ])("is 2 for an output folder %s, before anything runs", async (_, dir, sentence) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "taken"), "a file, not a folder");
    mkdirSync(join(folder, "blocked", "notebook.ipynb"), { recursive: true });
    const { code, stdout, stderr } = await nbRun([scripted("print('x')"), "--output-dir", dir], {
      cwd: folder,
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(sentence);
    expect(stderr.trim()).not.toContain("\n");
  });

  it.each([
    ["a report", (place: string) => ["--reporter", `junit=${place}`]],
    ["durations", (place: string) => ["--durations", place]],
  ])("is 2 where %s cannot be written, before anything runs", async (_, args) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "taken"), "a file, not a folder");
    for (const place of [folder, join(folder, "taken", "within")]) {
      const { code, stdout, stderr } = await nbRun([scripted("print('x')"), ...args(place)]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/could not be written, because a (file|folder) is in .*\.\n$/);
    }
    const deep = join(folder, "new", "deep", "file");
    expect((await nbRun([scripted("print('x')"), ...args(deep)])).code).toBe(0);
    expect(read(deep)).not.toBe("");
  });

  // A device that is always full.
  describe.skipIf(!existsSync("/dev/full"))("is 2 for a full disk", () => {
    it("under a report; what was to be written elsewhere is written", async () => {
      const json = join(temporaryFolder(), "report.json");
      const reporters = ["--reporter", "junit=/dev/full", "--reporter", `json=${json}`];
      const { code, stdout, stderr } = await nbRun([scripted("print('x')"), ...reporters]);
      expect([code, stderr]).toEqual([
        2,
        "/dev/full: could not be written, because the disk is full; make room on it.\n",
      ]);
      expect(stdout).toMatch(/1 notebook, 1 cell: 1 passed/);
      expect(JSON.parse(read(json)).cells.passed).toBe(1);
    });

    it("under the output, and a reader that goes early is no failure", () => {
      const command = (rest: string) => {
        const words = [process.execPath, nbFile, "run", scripted("print('x')", "print('y')")];
        return spawnSync("sh", ["-c", `"$@" ${rest}`, "sh", ...words], { encoding: "utf8" });
      };
      expect(command("> /dev/full")).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(
          /^The output could not be written \(ENOSPC.*\); check where it goes\.\n$/,
        ),
      });
      expect(command("2>&1 | { read line; echo $line; }").stdout).toMatch(/^ok .*cell 1/);
      expect(command("> /dev/null 2> /dev/full").status).toBe(0);
    });
  });

  it("is 2 where the notebook was changed while it ran, and the change stays", async () => {
    const file = scripted("");
    const changed = notebookText("scripted", ["'of somebody else'"]);
    const change = `(await import("node:fs")).writeFileSync(${JSON.stringify(file)}, ${JSON.stringify(changed)});`;
    writeFileSync(file, notebookText("scripted", [`${change} print('x')`]));
    const { code, stdout } = await nbRun([file, "--update"]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/was changed or replaced while it ran, so its outputs were not stored/);
    expect(read(file)).toBe(changed);
  });

  it("is 2 where the notebook deletes itself, which --update does not undo", async () => {
    const file = scripted("");
    const rm = `(await import("node:fs")).rmSync(${JSON.stringify(file)});`;
    writeFileSync(file, notebookText("scripted", [`${rm} print('x')`]));
    const { code, stdout } = await nbRun([file, "--update"]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/was deleted while it ran, so its outputs were not stored\.\n/);
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    ["merge-conflict", /merge-conflict\.ipynb:\d+: Git left conflict markers/],
    ["bare-nan", /bare-nan\.ipynb:\d+: `NaN` is not JSON/],
    ["truncated", /truncated\.ipynb:\d+: the file ends too early/],
    ["output-without-type", /output-without-type\.ipynb, cell \d+: .*`output_type`/],
  ])("is 2 for the broken notebook %s, and nothing is written", async (name, sentence) => {
    const file = copyOf(name);
    const before = read(file);
    const { code, stdout } = await nbRun([file, "--update"]);
    expect(code).toBe(2);
    expect(stdout).toMatch(sentence);
    expect(read(file)).toBe(before);
  });

  it("is 3 when the kernel cannot be had", async () => {
    const { code, stdout } = await nbRun([writeNotebook("x", "nobody-has-this", ["1"])]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/There is no kernel named "nobody-has-this"\. There are: .*scripted/);
  });
});

describe("what is odd", () => {
  it("metadata of any type says nothing of the kernel, and other notebooks run", async () => {
    const odd = [{ name: 5 }, { name: ["scripted"] }, { language: 7 }, [], "scripted", null];
    const files = odd.map((kernelspec, index) => {
      const file = writeNotebook(`odd${index}`, "scripted", ["1"]);
      const notebook = JSON.parse(read(file));
      const language_info = { name: {} };
      writeFileSync(file, JSON.stringify({ ...notebook, metadata: { kernelspec, language_info } }));
      return file;
    });
    const { code, stdout } = await nbRun([...files, scripted("print('x')")]);
    expect(code).toBe(3);
    expect(stdout.match(/The notebook names no kernel\. Name one with --kernel/g)).toHaveLength(odd.length);
    expect(stdout).toMatch(/7 notebooks, 1 cell: 1 passed; 6 notebooks could not be run/);
  });

  it("a notebook that several paths name runs once, as the first of them", async () => {
    const file = writeNotebook("a", "scripted", ["1"]);
    const cwd = dirname(file);
    const { stdout } = await nbRun(["a.ipynb", "./a.ipynb", ".", file], { cwd });
    expect(stdout.match(/^ok.*$/gm)).toEqual([expect.stringMatching(/^ok {4}a\.ipynb, cell 1/)]);
  });

  it("more at once than could ever be run", async () => {
    const shard = ["--jobs", "1000000000", "--shard", "1/1000000000"];
    expect((await nbRun([scripted("1"), ...shard])).stdout).toMatch(/1 notebook, 1 cell: 1 passed/);
  });

  it("a folder for temporary files that is not there: no kernel can be had, and nothing hangs", async () => {
    for (const TMPDIR of [join(temporaryFolder(), "missing"), "/proc/missing"]) {
      const { code, stdout } = await nbRun([scripted("1"), scripted("2")], { env: { TMPDIR } });
      expect(code).toBe(3);
      expect(stdout.match(/its connection file could not be written \(.*missing, is there/g)).toHaveLength(2);
      expect(existsSync(TMPDIR)).toBe(false);
    }
  });
});

describe("the report", () => {
  it("has a line for each cell in a pipe, and counts at the end", async () => {
    const file = scripted({ type: "markdown", source: "# Part" }, "print('x')", {
      source: "1",
      tags: ["skip-execution"],
    });
    const { stdout } = await nbRun([file]);
    expect(stdout).toMatch(/^ok {4}.*notebook\.ipynb, cell 2 \(Part\) {2}\d+ ms$/m);
    expect(stdout).toMatch(/^skip {2}.*cell 3/m);
    expect(stdout).toMatch(/1 notebook, 2 cells: 1 passed, 1 skipped, in/);
    expect(stdout).not.toContain("\u001b[");
  });

  it("names file, cell, heading, line, error, streams, time and the command for a failure", async () => {
    const file = scripted(
      { type: "markdown", source: "# Part" },
      "print('before');\nthrow new Error('broken');",
    );
    const { stdout } = await nbRun([file]);
    expect(stdout).toContain("notebook.ipynb, cell 2 (Part), [1]");
    expect(stdout).toContain("Error: broken");
    expect(stdout).toContain("> 2 | throw new Error('broken');");
    expect(stdout).toMatch(/stdout:\n\s+before/);
    expect(stdout).toMatch(/After \d+ ms\. To run just this notebook: npx nb run .*notebook\.ipynb/);
  });

  it("comes as JSON and JUnit, several at once, on stdout or into files", async () => {
    const folder = temporaryFolder();
    const junit = join(folder, "report.xml");
    const file = scripted("print('x')", "throw new Error('<&\"]]>')", {
      source: "1",
      tags: ["skip-execution"],
    });
    const { stdout, code } = await nbRun([file, "--reporter", "json", "--reporter", `junit=${junit}`]);
    expect(code).toBe(1);
    const report = JSON.parse(stdout);
    expect(report.cells).toEqual({ passed: 1, failed: 1, differs: 0, skipped: 1, "not-run": 0 });
    expect(report.notebooks[0].cells[1]).toMatchObject({
      number: 2,
      status: "failed",
      failures: [{ kind: "error" }],
    });
    const xml = read(junit);
    expect(xml).toContain('tests="3" failures="1" errors="0" skipped="1"');
    expect(xml).toContain("Error: &lt;&amp;&quot;]]&gt;");
  });

  it("does not steer the terminal, whatever cells print, throw or are called", async () => {
    const junit = join(temporaryFolder(), "report.xml");
    const file = writeNotebook("title\u001b[2J", "scripted", [
      { type: "markdown", source: "# Part\u001b]0;title\u0007" },
      "print('1%\\r22%\\x00\\x1b[31m'); throw new Error('\\x1b[2Jcleared\\x07')",
    ]);
    const env = { GITHUB_ACTIONS: "true" };
    const { stdout } = await nbRun([file, "-r", "tty", "-r", `junit=${junit}`], { env });
    for (const text of [stdout, read(junit)]) {
      expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
      expect(text).toMatch(/Error: cleared␇/);
      expect(text).toMatch(/ 22%␀/);
    }
    expect(stdout).toMatch(/title\.ipynb, cell 2 \(Part\)/);
  });

  it("annotates the failing line on GitHub and adds a table to the job's summary", async () => {
    const summary = join(temporaryFolder(), "summary.md");
    const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
    const file = fixtureLikeScripted();
    const { stdout } = await nbRun([file], { env });
    const line =
      read(file)
        .split("\n")
        .findIndex((text) => text.includes("throw")) + 1;
    expect(stdout).toMatch(
      new RegExp(`^::error file=.*notebook\\.ipynb,line=${line},title=.*cell 2::.*broken`, "m"),
    );
    expect(read(summary)).toMatch(/\| ❌ \| .*notebook\.ipynb \| 1 \| 1 \|/);
  });
});

/** With the source as a list of lines, as Jupyter writes it. */
function fixtureLikeScripted(): string {
  const file = scripted("print('x')", "1;\nthrow new Error('broken')");
  const notebook = JSON.parse(read(file));
  for (const cell of notebook.cells) cell.source = cell.source.match(/[^\n]*\n|[^\n]+$/g);
  writeFileSync(file, JSON.stringify(notebook, null, 1));
  return file;
}

describe("writing outputs", () => {
  it("--update changes outputs and counts only, and a second time nothing at all", async () => {
    const file = copyOf("crlf-two-spaces");
    const stored = read(file);
    writeFileSync(file, stored.replaceAll(/"name": "(tslab|typescript)"/g, '"name": "scripted"'));
    const before = read(file);
    await nbRun([file, "--update", "--kernel", "scripted"]);
    const once = read(file);
    const withoutResults = (text: string) =>
      text.replaceAll(/"execution_count": [^\r\n]*|"outputs": \[[\s\S]*?\r?\n? *\](?=,)/g, "");
    expect(withoutResults(once)).toBe(withoutResults(before));
    const { mtimeNs } = statSync(file, { bigint: true });
    await nbRun([file, "--update", "--kernel", "scripted"]);
    expect(read(file)).toBe(once);
    expect(statSync(file, { bigint: true }).mtimeNs).toBe(mtimeNs);
  });

  it("--update keeps a stored output that --check would accept, so that measured times do not churn", async () => {
    const measured = { source: "print('took ' + Math.random() * 1000 + ' ms')", tags: ["measured"] };
    const exact = "print('same')";
    const file = scripted(measured, exact);
    await nbRun([file, "--update"]);
    const once = read(file);
    expect(once).toContain("took ");
    expect((await nbRun([file, "--update", "--check"])).code).toBe(0);
    expect(read(file)).toBe(once);
  });

  it("--update stores the outputs of a notebook that fails, too", async () => {
    const file = scripted("print('ran')", "throw new Error('x')");
    expect((await nbRun([file, "--update"])).code).toBe(1);
    const outputs = JSON.parse(read(file)).cells.map((cell: { outputs: object[] }) => cell.outputs);
    expect(outputs).toMatchObject([[{ text: ["ran"] }], [{ ename: "Error", evalue: "x" }]]);
  });

  it("ids are neither added nor changed, and the outputs of a skipped cell stay", async () => {
    const outputs = [{ output_type: "stream", name: "stdout", text: ["kept"] }];
    const file = scripted({ source: "1", tags: ["skip-execution"], outputs });
    const text = read(file).replace(/ *"id": "c0",\n/, "");
    writeFileSync(file, text);
    await nbRun([file, "--update"]);
    expect(read(file)).toBe(text);
  });

  it("--output-dir writes executed copies and leaves the notebooks alone", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "in", "deep"), { recursive: true });
    const file = writeNotebook("x", "scripted", ["print('out')"], join(folder, "in", "deep"));
    const before = read(file);
    const out = join(folder, "out");
    const { code, stdout } = await nbRun([join(folder, "in"), "--output-dir", out]);
    expect(code).toBe(0);
    expect(stdout).toContain(`\nThe executed copy is ${join(out, "deep", "x.ipynb")}\n`);
    expect(read(file)).toBe(before);
    expect(read(join(folder, "out", "deep", "x.ipynb"))).toContain('"out"');
  });

  it("--output-dir writes no copies of copies, neither in this run nor in the next", async () => {
    const folder = temporaryFolder();
    writeNotebook("x", "scripted", ["1"], folder);
    mkdirSync(join(folder, "old"));
    writeNotebook("of-mine", "scripted", ["1"], join(folder, "old"));
    mkdirSync(join(folder, "pages"));
    writeFileSync(join(folder, "pages", "index.html"), "");
    const ran = async (...args: string[]) => {
      const { stdout } = await nbRun([...args, "--reporter", "json"], { cwd: folder });
      return JSON.parse(stdout).notebooks.map(({ file }: { file: string }) => file);
    };
    const mine = [join("old", "of-mine.ipynb"), "x.ipynb"];
    for (const out of ["new", "pages"])
      for (const args of [["--output-dir", out], ["--output-dir", out], []])
        expect(await ran(...args)).toEqual(mine);
    // A folder with notebooks of somebody's own is not made one of copies.
    expect(await nbRun([".", "--output-dir", "old"], { cwd: folder })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--output-dir old holds old.of-mine\.ipynb, which is to run itself, so/),
    });
    expect(await ran("x.ipynb", "--output-dir", "old")).toEqual(["x.ipynb"]);
    expect(await ran("old", "--output-dir", ".")).toEqual([mine[0], join("old", "x.ipynb")]);
    expect(await ran()).toEqual(["of-mine.ipynb", mine[0], join("old", "x.ipynb"), "x.ipynb"]);
  });

  it("--output-dir never overwrites what it reads, nor one copy by another", async () => {
    const [a, b] = [scripted("1"), scripted("2")];
    const { code, stderr } = await nbRun([a, "--output-dir", dirname(a)]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/would overwrite .*notebook\.ipynb/)]);
    const before = read(a);
    const link = join(temporaryFolder(), "out");
    symlinkSync(dirname(a), link);
    expect((await nbRun([a, "--output-dir", link])).stderr).toMatch(/would overwrite .*notebook\.ipynb/);
    expect(read(a)).toBe(before);
    expect((await nbRun([dirname(a), dirname(b), "--output-dir", temporaryFolder()])).stderr).toMatch(
      /would become the same copy/,
    );
  });

  it("--output-dir keeps the folders of notebooks that are named one by one", async () => {
    const folder = temporaryFolder();
    for (const name of ["a", "b"]) {
      mkdirSync(join(folder, name));
      writeNotebook("x", "scripted", ["1"], join(folder, name));
    }
    const { code } = await nbRun(["a/x.ipynb", "b/x.ipynb", "--output-dir", "out"], { cwd: folder });
    expect(code).toBe(0);
    for (const name of ["a", "b"]) expect(existsSync(join(folder, "out", name, "x.ipynb"))).toBe(true);
  });
});

/** Permissions do not bind root, so root's tests run as the user who is nobody. */
const nobody = process.getuid?.() === 0 ? 65534 : undefined;

/** Why the permissions of files cannot be tested here; undefined where they can. */
const noPermissions =
  process.platform === "win32"
    ? "Windows has other permissions"
    : nobody !== undefined &&
        spawnSync(process.execPath, [nbFile, "--version"], { uid: nobody, gid: nobody }).status !== 0
      ? "the user nobody may not run this"
      : undefined;

describe.skipIf(noPermissions)(`without the permission${noPermissions ? ` (${noPermissions})` : ""}`, () => {
  const give = (mode: number, ...paths: string[]) => {
    for (const path of paths) chmodSync(path, mode);
  };

  it("to write a file or into a folder, --update says so, and other notebooks are stored", async () => {
    const folder = temporaryFolder();
    const deep = join(folder, "deep");
    mkdirSync(deep);
    const [open, closed] = ["open", "closed"].map((name) =>
      writeNotebook(name, "scripted", ["print('x')"], folder),
    ) as [string, string];
    const within = writeNotebook("within", "scripted", ["print('x')"], deep);
    const before = read(closed);
    give(0o777, folder);
    give(0o666, open, within);
    give(0o555, deep);
    give(0o444, closed);
    const { code, stdout } = await nbRun([folder, "--update"], { user: nobody });
    expect(code).toBe(2);
    for (const file of [closed, within])
      expect(stdout).toContain(
        `\n${file}: may not be written; check its permissions and those of its folder.\n`,
      );
    expect(stdout).toMatch(/3 notebooks, 3 cells: 3 passed; 2 notebooks could not be stored/);
    expect([read(closed), read(within)]).toEqual([before, before]);
    expect(read(open)).toContain('"x"');
    expect([...readdirSync(folder), ...readdirSync(deep)].filter((name) => name.endsWith(".tmp"))).toEqual(
      [],
    );
    give(0o755, deep);
  });

  it("to write into the output folder, nothing runs", async () => {
    const folder = temporaryFolder();
    const file = writeNotebook("a", "scripted", ["print('x')"], folder);
    mkdirSync(join(folder, "out"));
    give(0o555, folder, join(folder, "out"));
    for (const out of ["out", "new"]) {
      const { code, stdout, stderr } = await nbRun([file, "--output-dir", join(folder, out)], {
        user: nobody,
      });
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(
        /a\.ipynb: may not be written; check its permissions and those of its folder\.\n$/,
      );
    }
    give(0o755, folder);
  });

  it("to read a notebook, or to look into its folder, the others run", async () => {
    const folder = temporaryFolder();
    const [open, closed] = ["open", "closed"].map((name) =>
      writeNotebook(name, "scripted", ["print('x')"], folder),
    ) as [string, string];
    const deep = join(folder, "deep");
    mkdirSync(deep);
    writeNotebook("within", "scripted", ["print('x')"], deep);
    give(0o755, folder);
    give(0o644, open);
    give(0o200, closed);
    give(0o444, deep);
    const { code, stdout } = await nbRun([folder], { user: nobody });
    expect(code).toBe(2);
    expect(stdout).toMatch(/closed\.ipynb: may not be read; check its permissions/);
    expect(stdout).toMatch(/within\.ipynb: may not be read; check its permissions/);
    expect(stdout).toMatch(/3 notebooks, 1 cell: 1 passed; 2 notebooks could not be run/);
    give(0o755, deep);
  });
});

describe("a notebook that names no kernel", () => {
  const folder = temporaryFolder();
  const only = (data: string) => ({ JUPYTER_PATH: data, HOME: data, JUPYTER_DATA_DIR: data, PATH: "" });
  const anonymous = (metadata: unknown) => {
    const file = writeNotebook("anonymous", "x", ["print('x')"]);
    writeFileSync(file, JSON.stringify({ ...JSON.parse(read(file)), metadata }));
    return file;
  };
  beforeAll(() =>
    writeKernelspec(folder, "lonely", "javascript", [process.execPath, fixtureKernel, "{connection_file}"]),
  );

  it.each([
    ["the only one", {}, /it ran with lonely, the only one\.\n/],
    ["the only one", null, /it ran with lonely, the only one\.\n/],
    ["that of its language", { language_info: { name: "JavaScript" } }, /the only one for JavaScript\.\n/],
  ])("runs with %s, and says so", async (_, metadata, sentence) => {
    const file = anonymous(metadata);
    const { code, stdout } = await nbRun([file], { cwd: dirname(file), env: only(folder) });
    expect(stdout).toMatch(/note .*anonymous\.ipynb: The notebook names no kernel;/);
    expect(stdout).toMatch(sentence);
    expect(code).toBe(0);
  });

  it("does not run with one of another language, nor with any of several", async () => {
    const file = anonymous({ language_info: { name: "R" } });
    const options = { cwd: dirname(file), env: only(folder) };
    expect(await nbRun([file], options)).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(
        /names no kernel, and there is none for R\. Name one with --kernel; there are: lonely/,
      ),
    });
    expect((await nbRun([anonymous({})])).code).toBe(3);
  });
});

describe("what a run cannot heed", () => {
  it("tags that are no list are an error, for they would be passed over", async () => {
    const file = scripted("1", { source: "throw new Error('x')", tags: ["raises-exception"] });
    writeFileSync(file, read(file).replace(/\[\s*"raises-exception"\s*\]/, '"raises-exception"'));
    const { code, stdout } = await nbRun([file]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/notebook\.ipynb, cell 2: `tags` must be a list of strings, such as/);
  });

  it.each(["timeout:0", "timeout:-1", "timeout:soon", "timeout:"])("so is the tag %s", async (tag) => {
    const { code, stdout } = await nbRun([scripted("1", { source: "1", tags: [tag] })]);
    expect(code).toBe(2);
    expect(stdout).toContain(`notebook.ipynb, cell 2: the tag \`${tag}\` must be`);
  });

  it("a notebook of nbformat 3 runs, a copy is of nbformat 4, and the file stays", async () => {
    const file = copyOf("nbformat-3");
    const before = read(file);
    const out = temporaryFolder();
    const run = await nbRun([file, "--kernel", "scripted", "--output-dir", out]);
    expect(run.stdout).toMatch(/1 notebook, \d cells?:/);
    expect(JSON.parse(read(join(out, "nbformat-3.ipynb")))).toMatchObject({ nbformat: 4, nbformat_minor: 4 });
    const update = await nbRun([file, "--kernel", "scripted", "--update"]);
    expect(update).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/nbformat 3\.0, which is read but not written/),
    });
    expect(read(file)).toBe(before);
  });
});

describe("a notebook without code to run", () => {
  it("passes with a note that nothing was tested, and fails with --require-code", async () => {
    const skipped = scripted({ source: "print('x')", tags: ["skip-execution"] });
    for (const file of [fixture("no-cells"), scripted("", " "), skipped]) {
      const passed = await nbRun([file, "--kernel", "scripted"]);
      expect(passed).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^note .*so nothing was tested\.$/m),
      });
      const failed = await nbRun([file, "--kernel", "scripted", "--require-code"]);
      expect(failed).toMatchObject({ code: 1, stdout: expect.stringMatching(/tested\. \(--require-code\)/) });
    }
    expect((await nbRun([scripted("print('x')"), "--require-code"])).code).toBe(0);
  });
});

describe("--param", () => {
  it("sets values after the cell tagged parameters and leaves the notebook as it is", async () => {
    const file = scripted({ source: "n = 1", tags: ["parameters"] }, "print(String(n))");
    await nbRun([file, "--update", "--param", "n=42"]);
    const notebook = JSON.parse(read(file));
    expect(notebook.cells).toHaveLength(2);
    expect(notebook.cells[1].outputs[0].text).toEqual(["42"]);
  });

  it("comes from a file, too; --param goes before it", async () => {
    const file = scripted({ source: "n = 1; m = 2", tags: ["parameters"] }, "print(`${n} ${m}`)");
    const values = join(dirname(file), "values.json");
    writeFileSync(values, '{"n": [3], "m": 4}');
    await nbRun([file, "--update", "--param-file", values, "--param", "m=5"]);
    expect(JSON.parse(read(file)).cells[1].outputs[0].text).toEqual(["3 5"]);
    for (const [text, words] of [
      ["[1]", /must hold a JSON object/],
      ["{", /cannot be read as JSON/],
      ['{"a b": 1}', /"a b", which is no name of a variable/],
    ] as const) {
      writeFileSync(values, text);
      const { code, stderr } = await nbRun([file, "--param-file", values]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(words)]);
    }
  });

  it("is a mistake where no cell takes it", async () => {
    const { code, stdout } = await nbRun([scripted("1"), "--param", "n=1"]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/no cell tagged `parameters`/);
  });
});

describe("--shard", () => {
  it("runs each notebook in just one shard", async () => {
    const folder = temporaryFolder();
    for (const name of ["a", "b", "c"]) writeNotebook(name, "scripted", ["1"], folder);
    const shards = await Promise.all(
      ["1/2", "2/2"].map(async (shard) => {
        const { stdout } = await nbRun([
          folder,
          "--shard",
          shard,
          "--reporter",
          "json",
          "--durations",
          join(folder, "d.json"),
        ]);
        return JSON.parse(stdout).notebooks.map((notebook: { file: string }) => notebook.file.at(-7));
      }),
    );
    expect(shards.flat().sort()).toEqual(["a", "b", "c"]);
    expect(shards.every((shard) => shard.length > 0)).toBe(true);
  });
});

describe("limits and interrupts", () => {
  it("--run-timeout ends the run, which counts as failed", async () => {
    const { code, stdout } = await nbRun([scripted("await hang()", "1"), "--run-timeout", "0.5"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/Stopped: the run took longer than 0\.5 s/);
  });

  it("Ctrl-C ends the kernels and reports what ran", async () => {
    const running = startNb([
      "run",
      scripted("print('pid=' + process.pid)", "print('x'); await hang()", "1"),
    ]);
    await running.says("cell 1");
    running.child.kill("SIGINT");
    const { code, stdout } = await running.finished;
    expect(code).toBe(130);
    expect(stdout).toMatch(/^ok {4}.*cell 1/m);
    expect(stdout).toMatch(/Stopped: Ctrl-C/);
  });

  it("Ctrl-C, as any end of the run, leaves the stored output of the cell that it interrupts", async () => {
    const stored = [{ output_type: "stream", name: "stdout", text: ["stored"] }];
    const sources = ["print('new')", "print('half'); await hang()", "print('never')"];
    const file = scripted(...sources.map((source) => ({ source, outputs: stored })));
    const out = temporaryFolder();
    const running = startNb(["run", file, "--update", "--output-dir", out]);
    await running.says("cell 1");
    running.child.kill("SIGTERM");
    const { code, stdout } = await running.finished;
    const texts = (path: string) =>
      JSON.parse(read(path)).cells.map(
        ({ outputs }: { outputs: { text: string[] }[] }) => outputs[0]?.text?.[0],
      );
    expect(code).toBe(130);
    expect(stdout).toMatch(/Stopped: SIGTERM/);
    expect(texts(file)).toEqual(["new", "stored", "stored"]);
    expect(existsSync(join(out, "notebook.ipynb"))).toBe(true);
  });

  it("Ctrl-C ends the kernel that was started ahead for the next notebook, too", async () => {
    const kernels = temporaryFolder();
    const argv = [process.execPath, fixtureKernel, "{connection_file}"];
    // Several times: that the kernel has answered does not quite mean that the runner has heard it.
    for (const round of ["1", "2", "3"]) {
      const mark = join(kernels, round);
      writeKernelspec(kernels, "marked", "javascript", argv, { env: { SCRIPTED_MARK: mark } });
      const next = writeNotebook("next", "marked", ["1"]);
      const running = startNb(["run", scripted("1", "await hang()"), next], {
        env: { JUPYTER_PATH: [kernels, process.env.JUPYTER_PATH].join(delimiter) },
      });
      const pid = Number(await until(() => existsSync(mark) && read(mark)));
      running.child.kill("SIGINT");
      expect((await running.finished).stdout).toMatch(/1 notebook not started.*Stopped: Ctrl-C/);
      expect(isRunning(pid)).toBe(false);
    }
  });

  it("no kernel outlives a runner that is told to end twice", async () => {
    const store = join(temporaryFolder(), "pid");
    const source = `const { writeFileSync } = await import("node:fs"); writeFileSync(${JSON.stringify(store)}, String(process.pid)); print('x'); beDeaf(); await hang()`;
    const running = startNb(["run", scripted("1", source)]);
    await running.says("cell 1");
    while (!existsSync(store) || read(store) === "") await new Promise((done) => setTimeout(done, 20));
    running.child.kill("SIGTERM");
    running.child.kill("SIGINT");
    await running.finished;
    const pid = Number(read(store));
    await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false);
  });
});

describe("--watch", () => {
  it("runs a notebook again when its source changes, not when its outputs do", async () => {
    const file = scripted("print('first')");
    const running = startNb(["run", file, "--watch", "--update"]);
    await running.says("Watching for changes");
    writeFileSync(file, notebookText("scripted", ["throw new Error('second')"]));
    await running.says("Error: second");
    await running.says("1 failed");
    running.child.kill("SIGINT");
    const { code, stdout } = await running.finished;
    expect(code).toBe(1);
    expect(stdout.match(/1 notebook, 1 cell/g)).toHaveLength(2);
  });
});

describe("nb list, clean and validate", () => {
  const nb = (...args: string[]) => startNb(args).finished;

  it("list names kernel, number of code cells and title", async () => {
    const { stdout } = await nb("list", fixture("fails-in-second-cell"));
    expect(stdout).toMatch(/fails-in-second-cell\.ipynb {2}tslab {2}3 code cells {2}A title/);
    expect((await nb("list", "--kernels")).stdout).toMatch(/^scripted {2}/m);
    expect((await nb("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("clean removes outputs and counts and nothing else", async () => {
    const file = copyOf("skips-a-cell");
    const before = read(file);
    expect((await nb("clean", file, "--check")).code).toBe(1);
    expect(read(file)).toBe(before);
    expect((await nb("clean", file)).code).toBe(0);
    expect(JSON.parse(read(file)).cells[0]).toMatchObject({ outputs: [], execution_count: null });
    expect((await nb("clean", file, "--check")).code).toBe(0);
  });

  // As root the link would be the machine's own /dev/stdin.
  it.skipIf(process.platform !== "linux")(
    "clean and run --update leave a link to a pipe as it is",
    async () => {
      const folder = temporaryFolder();
      const link = join(folder, "in.ipynb");
      symlinkSync("/proc/self/fd/0", link);
      for (const command of ["clean", "run --kernel scripted --update"]) {
        const { status, stdout, stderr } = spawnSync(
          "sh",
          [
            "-c",
            `cat "$1" | "$2" "$3" ${command} in.ipynb`,
            "sh",
            fixture("counts-up"),
            process.execPath,
            nbFile,
          ],
          { cwd: folder, encoding: "utf8" },
        );
        expect(stdout + stderr).toMatch(/in\.ipynb: is a pipe, and is not replaced by a file/);
        expect(status).toBe(2);
        expect(lstatSync(link).isSymbolicLink()).toBe(true);
      }
    },
  );

  it("validate names what is wrong and where", async () => {
    const withoutIds = scripted("1");
    writeFileSync(withoutIds, read(withoutIds).replace(/ *"id": "c0",\n/, ""));
    expect(await nb("validate", withoutIds)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/cell 1: .*`id`/),
    });
    expect(await nb("validate", fixture("counts-up"))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/: valid/),
    });
    expect(await nb("validate", fixture("bare-nan"))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/`NaN`/),
    });
    expect(await nb("validate", withoutIds, "--strict")).toMatchObject({ code: 2 });
  });

  const filter = (input: string, ...flags: string[]) =>
    spawnSync(process.execPath, [nbFile, "clean", "-", ...flags], { input, encoding: "utf8" });

  it("clean - is a filter from stdin to stdout, to which nothing goes that is no notebook", async () => {
    const file = copyOf("skips-a-cell");
    const before = read(file);
    const { status, stdout } = filter(before);
    expect([status, read(file)]).toEqual([0, before]);
    await nb("clean", file);
    expect(stdout).toBe(read(file));
    expect(filter(stdout)).toMatchObject({ status: 0, stdout });
    expect(filter("{")).toMatchObject({ status: 2, stdout: "", stderr: expect.stringMatching(/^stdin:1: /) });
    expect([filter(before, "--check").status, filter(stdout, "--check").status]).toEqual([1, 0]);
  });

  it("clean keeps the outputs of a cell tagged keep_output, and on request drops what a run leaves in metadata", async () => {
    const outputs = [{ output_type: "stream", name: "stdout", text: ["x"] }];
    const file = scripted({ source: "1", outputs, tags: ["keep_output"] }, { source: "2", outputs });
    const notebook = JSON.parse(read(file));
    Object.assign(notebook.cells[0].metadata, { execution: { a: "b" }, collapsed: true, mine: 1 });
    notebook.metadata.widgets = { "application/vnd.jupyter.widget-state+json": { state: {} } };
    const text = `${JSON.stringify(notebook, null, 1)}\n`;
    const plain = JSON.parse(filter(text).stdout);
    expect(plain.cells.map((cell: { outputs: unknown[] }) => cell.outputs.length)).toEqual([1, 0]);
    expect([plain.metadata, plain.cells[0].metadata]).toEqual([
      notebook.metadata,
      notebook.cells[0].metadata,
    ]);
    const bare = JSON.parse(filter(text, "--metadata").stdout);
    expect(bare.metadata).toEqual({ kernelspec: notebook.metadata.kernelspec });
    expect(bare.cells[0].metadata).toEqual({ mine: 1, tags: ["keep_output"] });
    expect(filter(filter(text, "--metadata").stdout, "--metadata", "--check").status).toBe(0);
  });

  it("works as a filter of Git, as its help says", async () => {
    const { stdout: help } = await nb("clean", "--help");
    expect(help).toMatch(
      /filter=nb-clean' >> \.gitattributes\n {2}git config filter\.nb-clean\.clean 'npx nb clean -'/,
    );
    const folder = temporaryFolder();
    const git = (...args: string[]) => spawnSync("git", args, { cwd: folder, encoding: "utf8" });
    git("init", "-q");
    git("config", "filter.nb-clean.clean", `"${process.execPath}" "${nbFile}" clean -`);
    writeFileSync(join(folder, ".gitattributes"), "*.ipynb filter=nb-clean\n");
    writeFileSync(join(folder, "a.ipynb"), read(fixture("skips-a-cell")));
    git("add", "a.ipynb");
    expect(git("show", ":a.ipynb").stdout).toBe(filter(read(fixture("skips-a-cell"))).stdout);
  });

  it("diff shows what differs in sources and outputs, by id", async () => {
    const said = (text: string) => [{ output_type: "stream", name: "stdout", text: [text] }];
    const folder = temporaryFolder();
    const write = (name: string, ...cells: Parameters<typeof writeNotebook>[2]) =>
      writeNotebook(name, "scripted", cells, folder);
    const a = write("a", { source: "1", outputs: said("took 3 ms") }, "2", "gone");
    const b = write("b", { source: "1", outputs: said("took 5 ms") }, "2 + 0");
    const { code, stdout } = await startNb(["diff", "a.ipynb", "b.ipynb"], { cwd: folder }).finished;
    expect(code).toBe(1);
    expect(stdout).toMatch(/^b\.ipynb, cell 1\noutputs:\n.*\n- took 3 ms\n\+ took 5 ms\n/);
    expect(stdout).toMatch(/b\.ipynb, cell 2\nsource:\n- 2\n\+ 2 \+ 0\n/);
    expect(stdout).toMatch(/a\.ipynb, cell 3: only here\n/);
    expect(await nb("diff", a, a)).toMatchObject({ code: 0, stdout: "No differences.\n" });
    const same = write("c", { source: "1", outputs: said("took 9 ms") }, "2 + 0");
    expect((await nb("diff", b, same, "--normalize", "durations")).code).toBe(0);
    expect((await nb("diff", b, join(folder, "none.ipynb"))).code).toBe(2);
    // Of two cells with one id neither is passed over.
    const twice = [write("d", "1", "2"), write("e", "0", "2")];
    for (const file of twice) writeFileSync(file, read(file).replace('"c1"', '"c0"'));
    expect(await nb("diff", ...twice)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /e\.ipynb, cell 1\nsource:\n- 1\n\+ 0\n[\s\S]*1 cell of \S+ differs from/,
      ),
    });
  });

  it("help reads well for each command", async () => {
    const { code, stdout } = await nb("run", "--help");
    expect(code).toBe(0);
    for (const flag of ["--jobs", "--shard", "--watch", "--reporter", "Exit codes:", "Examples:"])
      expect(stdout).toContain(flag);
  });
});
