/** `npm run traps`: asks every runner about every trap and writes the table of test/traps/README.md. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { venvShare } from "../bench/python.ts";
import { type Peer, peers, type Verdict } from "./peers.ts";
import { type Trap, traps, trapText } from "./traps.ts";

const project = join(import.meta.dirname, "..", "..");
const signs: Record<Verdict, string> = { red: "red", said: "*says so*", green: "**green**" };
const languages: [Trap["kernel"], string][] = [
  ["python3", "Python (ipykernel)"],
  ["tslab", "TypeScript (the kernel of this project)"],
];

async function rows(kernel: Trap["kernel"], all: Peer[], folder: string): Promise<string[][]> {
  const env = {
    ...process.env,
    JUPYTER_PATH: [join(project, "node_modules", ".jupyter"), venvShare].join(delimiter),
  };
  const table: string[][] = [];
  for (const [index, trap] of traps.entries()) {
    if (trap.kernel !== kernel) continue;
    const file = join(folder, `trap-${index}.ipynb`);
    writeFileSync(file, trapText(trap));
    const verdicts: Verdict[] = [];
    for (const peer of all) verdicts.push(await peer.says(file, env));
    table.push([trap.name, ...verdicts.map((verdict) => signs[verdict])]);
    process.stderr.write(`${kernel} ${trap.name}: ${verdicts.join(" ")}\n`);
  }
  return table;
}

function markdown(title: string, names: string[], table: string[][]): string {
  const greens = names.map((_, column) => table.filter((row) => row[column + 1] === signs.green).length);
  const lines = [
    ["", ...names],
    names.map(() => "---").concat("---"),
    ...table,
    ["*green, of these*", ...greens.map(String)],
  ].map((row) => `| ${row.join(" | ")} |`);
  return `## ${title}\n\n${lines.join("\n")}\n`;
}

const words = `# Notebooks that look well and are not

Each of these should fail, or at least say something. *Says so* means exit code 0 and a note in the report, where the notebook's
author may have meant it so: \`--require-code\` and \`--shell-errors\` make two of these notes failures. **Green** means that nobody is told.

Written by \`npm run traps\`, which asks every runner; \`test/run/traps.test.ts\` keeps our own columns true.
`;

const folder = mkdtempSync(join(project, "out", "traps-"));
mkdirSync(folder, { recursive: true });
const all = await peers();
const parts: string[] = [words];
for (const [kernel, title] of languages)
  parts.push(
    markdown(
      title,
      all.map(({ name }) => name),
      await rows(kernel, all, folder),
    ),
  );
writeFileSync(join(import.meta.dirname, "README.md"), parts.join("\n"));
rmSync(folder, { recursive: true, force: true });
