import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";

const committed = join(import.meta.dirname, "..", "data");
let made: string;
const make = () => execFileSync(process.execPath, [join(committed, "generate.mts"), made]);

beforeAll(() => {
  made = mkdtempSync(join(tmpdir(), "data-"));
  make();
});
afterAll(() => rmSync(made, { recursive: true }));

function rows(folder: string, table: string): unknown[] {
  const shop = new DatabaseSync(join(folder, "shop.sqlite"), { readOnly: true });
  try {
    return shop.prepare(`SELECT * FROM ${table}`).all();
  } finally {
    shop.close();
  }
}

it.each(["customers", "products", "orders", "order_lines"])(
  "the generator makes the committed %s",
  (table) => {
    expect(rows(committed, table).length).toBeGreaterThan(0);
    expect(rows(made, table)).toEqual(rows(committed, table));
  },
);

it("the generator makes the committed access log", () => {
  const lines = (folder: string) => gunzipSync(readFileSync(join(folder, "access.log.gz"))).toString();
  expect(lines(committed).split("\n")).toHaveLength(30_001);
  expect(lines(made) === lines(committed)).toBe(true);
});

it("data/README.md gives the true number of order lines", () => {
  const count = rows(committed, "order_lines").length.toLocaleString("en-US");
  expect(readFileSync(join(committed, "README.md"), "utf8")).toContain(`| \`order_lines\` | ${count} |`);
});

it("the generator run again over its own files changes no byte", () => {
  const bytes = () => ["shop.sqlite", "access.log.gz"].map((name) => readFileSync(join(made, name)));
  const before = bytes();
  make();
  expect(bytes().map((file, at) => file.equals(before[at]!))).toEqual([true, true]);
});
