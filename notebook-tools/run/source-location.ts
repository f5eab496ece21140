/** Finds the line of a cell that failed, and shows it. Pure. */

/** Where kernels say the line: TypeScript's `3:5 - message`, IPython's `Cell In[1], line 3`, a stack's `cell 1:3:5`. */
function positions(count: number | null): RegExp[] {
  const cell = count === null ? String.raw`\d+` : String(count);
  return [
    /^(\d+):\d+ - /m,
    new RegExp(String.raw`Cell In\[${cell}\], line (\d+)`),
    new RegExp(String.raw`\bcell ${cell}, line (\d+)`),
    new RegExp(String.raw`\bcell ${cell}:(\d+):\d+`),
    /^-+> (\d+)\b/m,
    /(?<!evalmachine\.)<anonymous>:(\d+):\d+/,
  ];
}

function named(source: string, trace: string, count: number | null): number | undefined {
  const lines = source.split("\n").length;
  for (const position of positions(count)) {
    const line = Number(position.exec(trace)?.[1]);
    if (line >= 1 && line <= lines) return line;
  }
  return undefined;
}

/** The only line that holds a text; undefined where none or several do. */
function onlyLineWith(source: string, text: string): number | undefined {
  if (text.trim().length < 3) return undefined;
  const lines = source.split("\n");
  const found = lines.flatMap((line, index) => (line.includes(text) ? index + 1 : []));
  return found.length === 1 ? found[0] : undefined;
}

/**
 * V8 prints the source line of some errors above a caret line. tslab strips types but keeps statements, so the
 * same text is often found in the cell.
 */
function quoted(source: string, trace: string): number | undefined {
  const line = /^(.*)\n\s*\^+\s*$/m.exec(trace)?.[1]?.trim().replace(/;$/, "");
  return line ? onlyLineWith(source, line) : undefined;
}

/** The line, from 1, where a cell failed; undefined where nothing tells. `count` is the cell's execution count. */
export function lineOfError(
  source: string,
  trace: string,
  message: string,
  count: number | null,
): number | undefined {
  const text = message.replace(/^[\w$.]+:\s*/, "");
  return named(source, trace, count) ?? quoted(source, trace) ?? onlyLineWith(source, text);
}

/** Whether a traceback shows that line of the source already. */
export function showsLine(trace: string, line: number): boolean {
  return new RegExp(String.raw`^\s*(?:> *|-+> )${line}\b`, "m").test(trace);
}

/** The lines around `line`, numbered, with a mark before it; without a line the start of the cell. */
export function frame(source: string, line: number | undefined, around = 2): string {
  const lines = source.split("\n");
  const from = line === undefined ? 1 : Math.max(1, line - around);
  const to = Math.min(lines.length, line === undefined ? 5 : line + around);
  const width = String(to).length;
  const shown = lines
    .slice(from - 1, to)
    .map((text, i) =>
      `${from + i === line ? ">" : " "} ${String(from + i).padStart(width)} | ${text}`.trimEnd(),
    );
  if (line === undefined && to < lines.length) shown.push(`  ${" ".repeat(width)} | …`);
  return shown.join("\n");
}
