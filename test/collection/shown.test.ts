/** That the sections show what they promise: every helper in some cell, every table row where its link leads. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as helpers from "kernel-helpers";
import { describe, expect, it } from "vitest";
import { readNotebook, sourceText } from "../../notebook-tools/nbformat";

const folder = "notebooks";
const files = readdirSync(folder).filter((name) => /^\d\d-.*\.ipynb$/.test(name));

/** Helpers that no cell shows: what each is for stands in its own documentation. */
const referenceOnly: Record<string, string[]> = {
  "errors and warnings, met when something goes wrong": [
    "AbandonedLock",
    "BrokenThreadPool",
    "CancelledError",
    "DataCloneError",
    "DeadlockError",
    "ExecutorShutDown",
    "LookupError",
    "PortalNotRunning",
    "QueueEmpty",
    "WouldBlock",
  ],
  "classes whose instances other helpers give": [
    "Chart",
    "Completions",
    "Context",
    "Future",
    "LoopMonitor",
    "Token",
  ],
  "siblings of what is shown": [
    "BoundedSemaphore",
    "callTree",
    "Event",
    "moduleTask",
    "Semaphore",
    "startBlockingPortal",
    "throughputChart",
    "waitsOf",
  ],
  "for libraries built on these": [
    "exportContext",
    "importContext",
    "isRevivable",
    "jupyterDisplay",
    "registerErrorClass",
    "reviveContextVar",
    "show",
    "toTransfer",
  ],
};

async function code(name: string): Promise<string> {
  const { notebook } = await readNotebook(join(folder, name));
  return notebook.cells
    .filter((cell) => cell.cell_type === "code")
    .map(sourceText)
    .join("\n");
}

async function text(name: string): Promise<string> {
  const { notebook } = await readNotebook(join(folder, name));
  return notebook.cells
    .filter((cell) => cell.cell_type === "markdown")
    .map(sourceText)
    .join("\n");
}

const uses = (source: string, name: string) => new RegExp(`\\b${name}\\b`).test(source);

/** Rows of tables whose words name helpers and whose links lead to sections, as [helper, section]. */
function promises(markdown: string): [string, string][] {
  const rows = markdown.split("\n").filter((line) => line.startsWith("| "));
  return rows.flatMap((row) => {
    const sections = [...row.matchAll(/\]\((\d\d-[^)#]*\.ipynb)\)/g)].map(([, section]) => section!);
    const spans = [...row.matchAll(/`([^`]+)`/g)].flatMap(
      ([, span]) => span!.match(/(?<![.\w])[A-Za-z]\w+/g) ?? [],
    );
    const named = [...new Set(spans)].filter((word) => word in helpers);
    return sections.length === 0 ? [] : named.map((word): [string, string] => [word, sections.join(" ")]);
  });
}

describe("a helper", () => {
  const listed = Object.values(referenceOnly).flat();

  it("is shown in a cell, or listed as reference only", async () => {
    const all = (await Promise.all(files.map(code))).join("\n");
    const shown = Object.keys(helpers).filter((name) => uses(all, name));
    const hidden = Object.keys(helpers).filter((name) => !shown.includes(name));
    expect(hidden.filter((name) => !listed.includes(name))).toEqual([]);
    expect(listed.filter((name) => !hidden.includes(name))).toEqual([]);
  });
});

describe("a table", () => {
  it.each(files)("%s leads to sections that use what the row names", async (name) => {
    const broken: string[] = [];
    for (const [helper, sections] of promises(await text(name))) {
      const sources = await Promise.all(sections.split(" ").map(code));
      if (!sources.some((source) => uses(source, helper))) broken.push(`${helper}: not in ${sections}`);
    }
    expect(broken).toEqual([]);
  });

  it("of a dead pointer is found", () => {
    expect(promises("| `liveChart(x)` | [04](04-to-thread.ipynb) |\n| `other` | [05](05-x.ipynb) |")).toEqual(
      [["liveChart", "04-to-thread.ipynb"]],
    );
  });
});
