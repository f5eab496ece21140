import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
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
    await exportNotebooks([fixture("attachment")], { to: "markdown", outputDir: folder });
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
    const paths = [join(folder, "one.ipynb"), join(folder, "ru", "one.ipynb")];
    const { failed } = await exportNotebooks(paths, { outputDir: join(folder, "out") });
    expect(failed[0]?.message).toMatch(
      /would overwrite .*one\.html, the page of .*one\.ipynb; export their common folder/,
    );
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
  const failure = await nb("notebook-tools/bin/nb.js", "export", fixture("nbformat-3")).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(/^[^\n]*this is nbformat 3\.0[^\n]*\n$/),
  });
});
