import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exportNotebooks } from "../../notebook-tools/export";
import { fixture } from "../nbformat/fixtures";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nb-export-"));
  await mkdir(join(folder, "ru"));
  await cp(fixture("streams"), join(folder, "one.ipynb"));
  await cp(fixture("tabs"), join(folder, "ru", "one.ipynb"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("exportNotebooks", () => {
  test("writes pages beside the notebooks", async () => {
    const { written } = await exportNotebooks([folder]);
    expect(written).toEqual([join(folder, "one.html"), join(folder, "ru", "one.html")]);
    expect(await readFile(written[1]!, "utf8")).toContain('<html lang="ru">');
  });

  test("writes into another folder, in the folders of the notebooks", async () => {
    const outputDir = join(folder, "out");
    const { written } = await exportNotebooks([folder], { to: "script", outputDir });
    expect(written).toEqual([join(outputDir, "one.ts"), join(outputDir, "ru", "one.ts")]);
  });

  test("writes the images of Markdown beside it", async () => {
    const { warnings } = await exportNotebooks([fixture("attachment")], {
      to: "markdown",
      outputDir: folder,
    });
    expect(warnings).toEqual([]);
    expect(await readdir(join(folder, "attachment_files"))).toEqual(["image-1.png"]);
  });

  test("puts the images that lie beside a notebook into its page", async () => {
    const cells = [
      {
        cell_type: "markdown",
        metadata: {},
        source: "![](a%20dot.png) ![](none.png) ![](https://example.org/x.png)",
      },
    ];
    await writeFile(join(folder, "a dot.png"), "png");
    await writeFile(
      join(folder, "images.ipynb"),
      JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 }),
    );
    const { written } = await exportNotebooks([join(folder, "images.ipynb")]);
    const sources = Array.from(
      (await readFile(written[0]!, "utf8")).matchAll(/src="([^"]*)"/g),
      ([, src]) => src,
    );
    expect(sources).toEqual(["data:image/png;base64,cG5n", "none.png", "https://example.org/x.png"]);
  });

  test("exports the good notebooks and reports the broken ones", async () => {
    await cp(fixture("bare-nan"), join(folder, "bad.ipynb"));
    const { written, failed } = await exportNotebooks([folder]);
    expect(written).toHaveLength(2);
    expect(failed.map(({ message }) => message)).toEqual([
      expect.stringMatching(/bad\.ipynb:12: `NaN` is not JSON/),
    ]);
  });

  test("refuses to make one page of two notebooks", async () => {
    const paths = [join(folder, "one.ipynb"), join(folder, "ru")];
    const { failed } = await exportNotebooks(paths, { outputDir: join(folder, "out") });
    expect(failed[0]?.message).toMatch(
      /would overwrite .*one\.html, the page of .*one\.ipynb; export their common folder/,
    );
  });

  describe("leads a link", () => {
    const book = (source: string) =>
      JSON.stringify({
        cells: [{ cell_type: "markdown", metadata: {}, source }],
        metadata: {},
        nbformat: 4,
        nbformat_minor: 4,
      });
    const source =
      "[n](ru/one.ipynb#x) [d](data.csv?a) [a b](<a b.txt>) [gone](gone.md) ![i](pic.tiff) [w](https://e.org/a.ipynb) [h](#h) <a href='data.csv'>q</a>";

    beforeEach(async () => {
      await writeFile(join(folder, "links.ipynb"), book(source));
      for (const name of ["data.csv", "a b.txt", "pic.tiff"]) await writeFile(join(folder, name), "x");
    });

    test("of a page to where its target lies, and names one that leads nowhere", async () => {
      const { warnings } = await exportNotebooks([folder], { outputDir: join(folder, "out", "html") });
      const page = await readFile(join(folder, "out", "html", "links.html"), "utf8");
      const links = Array.from(page.matchAll(/(?:href|src)="([^"]*)"/g), ([, address]) => address);
      expect(links.slice(1)).toEqual([
        "ru/one.html#x",
        "../../data.csv?a",
        "../../a%20b.txt",
        "gone.md",
        "../../pic.tiff",
        "https://e.org/a.ipynb",
        "#h",
        "../../data.csv",
      ]);
      expect(warnings.filter((warning) => warning.includes("leads to no file"))).toEqual([
        expect.stringMatching(/links\.ipynb: the link to gone\.md/),
      ]);
    });

    test("of Markdown in the same way", async () => {
      await exportNotebooks([folder], { to: "markdown", outputDir: join(folder, "out") });
      expect(await readFile(join(folder, "out", "links.md"), "utf8")).toContain(
        '[n](ru/one.md#x) [d](../data.csv?a) [a b](<../a%20b.txt>) [gone](gone.md) ![i](../pic.tiff) [w](https://e.org/a.ipynb) [h](#h) <a href="../data.csv">q</a>',
      );
    });

    test("to a notebook that is not exported to the notebook itself", async () => {
      const { written } = await exportNotebooks([join(folder, "links.ipynb")]);
      expect(await readFile(written[0]!, "utf8")).toContain('href="ru/one.ipynb#x"');
    });
  });

  describe("replaces", () => {
    test.each(["html", "markdown", "script"] as const)("its own files, and no others (%s)", async (to) => {
      const { written } = await exportNotebooks([join(folder, "one.ipynb")], { to });
      expect((await exportNotebooks([join(folder, "one.ipynb")], { to })).failed).toEqual([]);
      await writeFile(written[0]!, "# written by hand\n");
      const { failed } = await exportNotebooks([join(folder, "one.ipynb")], { to });
      expect(failed[0]?.message).toMatch(/would overwrite .*one\.\w+, which was not made by an export/);
      expect(await readFile(written[0]!, "utf8")).toBe("# written by hand\n");
      await exportNotebooks([join(folder, "one.ipynb")], { to, force: true });
      expect(await readFile(written[0]!, "utf8")).not.toContain("by hand");
    });

    test("no image beside a page that was not there", async () => {
      await mkdir(join(folder, "out", "attachment_files"), { recursive: true });
      await writeFile(join(folder, "out", "attachment_files", "image-1.png"), "mine");
      const { failed } = await exportNotebooks([fixture("attachment")], {
        to: "markdown",
        outputDir: join(folder, "out"),
      });
      expect(failed[0]?.message).toMatch(/image-1\.png, which was not made/);
    });
  });

  test("takes no image from outside a root, by its path or by a link", async () => {
    const cells = [
      { cell_type: "markdown", metadata: {}, source: "![](../x.png) ![](link.png) ![](in.png)" },
    ];
    const below = join(folder, "below");
    await mkdir(below);
    await writeFile(join(folder, "x.png"), "png");
    await writeFile(join(below, "in.png"), "png");
    await symlink(join(folder, "x.png"), join(below, "link.png"));
    await writeFile(
      join(below, "a.ipynb"),
      JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 }),
    );
    const sourcesOf = async (root?: string) => {
      const { written } = await exportNotebooks([join(below, "a.ipynb")], { root });
      const page = await readFile(written[0]!, "utf8");
      return Array.from(page.matchAll(/src="([^"]*)"/g), ([, src]) => src);
    };
    const embedded = "data:image/png;base64,cG5n";
    expect(await sourcesOf(below)).toEqual(["../x.png", "link.png", embedded]);
    expect(await sourcesOf()).toEqual([embedded, embedded, embedded]);
  });

  test("says when a notebook has not been run", async () => {
    const cells = [{ cell_type: "code", metadata: {}, source: "1", outputs: [], execution_count: null }];
    const file = join(folder, "never.ipynb");
    await writeFile(file, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 }));
    expect((await exportNotebooks([file])).warnings).toEqual([expect.stringMatching(/has not been run/)]);
  });

  test("says when there is nothing to export", async () => {
    await mkdir(join(folder, "empty"));
    await expect(exportNotebooks([join(folder, "empty")])).rejects.toThrow(
      /no notebook \(`\*\.ipynb`\) here/,
    );
    await expect(exportNotebooks([join(folder, "nope")])).rejects.toThrow(/there is no such file/);
  });
});

const root = join(import.meta.dirname, "..", "..");
const nb = (...args: string[]) => promisify(execFile)(process.execPath, args, { cwd: root });

test.each([
  ["compiled", ["notebook-tools/bin/nb.js"]],
  ["uncompiled, through ts-node", ["-r", "ts-node/register/transpile-only", "notebook-tools/cli.ts"]],
])("`nb export` runs %s", async (_, program) => {
  const { stdout } = await nb(
    ...program,
    "export",
    folder,
    "--to",
    "markdown",
    "--output-dir",
    join(folder, "out"),
  );
  expect(stdout.split("\n")).toEqual([
    `${join(folder, "one.ipynb")} → ${join(folder, "out", "one.md")}`,
    `${join(folder, "ru", "one.ipynb")} → ${join(folder, "out", "ru", "one.md")}`,
    "",
  ]);
});

test("`nb export` of a broken notebook is one sentence and exit code 2", async () => {
  const failure = await nb("notebook-tools/bin/nb.js", "export", fixture("bare-nan")).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(/^[^\n]*`NaN`[^\n]*\n$/),
  });
});
