/**
 * `npm run bench`: runs every test/bench/NAME.bench.ts in turn and prints one table.
 *
 *     npm run bench -- kernel threads        only these
 *     npm run bench -- --json FILE           write the rows as JSON, too
 */
import { readdirSync, writeFileSync } from "node:fs";
import { cpus, type } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { Row } from "./row.ts";

interface BenchModule {
  name: string;
  bench(): Promise<Row[]>;
}

function refuse(why: string): never {
  console.error(why);
  process.exit(2);
}

function readArguments() {
  try {
    return parseArgs({ allowPositionals: true, options: { json: { type: "string" } } });
  } catch (error) {
    return refuse(
      `${(error as Error).message.split(". ")[0]}. Usage: npm run bench -- [--json FILE] [room …]`,
    );
  }
}

const { values, positionals } = readArguments();

function chosen(): string[] {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".bench.ts"));
  const names = files.map((file) => file.slice(0, -".bench.ts".length));
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    refuse(`There is no benchmark ${unknown.join(", ")}; there are ${names.join(", ")}.`);
  return positionals.length > 0 ? positionals : names;
}

function text(value: number | null): string {
  if (value === null) return "–";
  return value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
}

const heading = ["what", "ours", "peer", "unit", "ours / peer", "goal"];
const numeric = new Set([1, 2, 4]);

function printTable(rows: Row[]): void {
  const cells = rows.map((row) => [
    row.name,
    text(row.ours),
    text(row.peer),
    row.unit,
    text(row.ratio),
    row.goal,
  ]);
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]!.length)),
  );
  const line = (row: string[]) =>
    row.map((cell, i) => (numeric.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join("  ");
  console.log([line(heading), line(widths.map((width) => "─".repeat(width))), ...cells.map(line)].join("\n"));
}

async function run(name: string): Promise<Row[]> {
  process.stderr.write(`${name} … `);
  const started = Date.now();
  const file = pathToFileURL(join(import.meta.dirname, `${name}.bench.ts`));
  const module: BenchModule = await import(file.href);
  try {
    return await module.bench();
  } finally {
    process.stderr.write(`${((Date.now() - started) / 1000).toFixed(0)} s\n`);
  }
}

const rows: Row[] = [];
let failed = false;
for (const name of chosen()) {
  try {
    rows.push(...(await run(name)));
  } catch (error) {
    failed = true;
    console.error(`${name} failed:`, error);
  }
}
console.log(
  `\n${type()} ${process.arch}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.version}\n`,
);
printTable(rows);
if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
// A benchmark may leave pools and kernels behind; the numbers are out, so end here.
process.exit(failed ? 1 : 0);
