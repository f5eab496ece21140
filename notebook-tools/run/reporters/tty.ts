/** Progress in a terminal: a line for each notebook that has ended, and below them those that run. */
import { duration, printableLine } from "../failure-text";
import { ending, plural } from "../summary";
import type { Listener, NotebookResult, RunEvent } from "../types";
import { failureTexts, noteLines, type ReporterContext } from "./plain";

interface Running {
  cells: number;
  done: number;
  at: string;
  since: number;
}

const redrawMs = 120;
const eraseLine = "\u001b[2K";
const up = (lines: number): string => (lines > 0 ? `\u001b[${lines}A\r` : "\r");

function runningLine(file: string, { cells, done, at, since }: Running): string {
  return `  ${printableLine(file)}  ${done}/${cells}  ${at}  ${duration(performance.now() - since)}`;
}

const twoColumns =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;
const noColumn = /[\p{Mark}\p{Cf}]/u;

/** The start of a line that fits: a longer one would wrap, and erasing it would leave a piece. */
function clipped(line: string, columns: number): string {
  let width = 0;
  let text = "";
  for (const character of line) {
    width += noColumn.test(character) ? 0 : twoColumns.test(character) ? 2 : 1;
    if (width > columns) break;
    text += character;
  }
  return text;
}

export function ttyReporter({ write, command, colour }: ReporterContext, columns: () => number): Listener {
  const running = new Map<string, Running>();
  let drawn = 0;
  let total = 0;
  let ended = 0;
  let timer: NodeJS.Timeout | undefined;

  function erase(): string {
    return up(drawn) + `${eraseLine}\n`.repeat(drawn) + up(drawn);
  }

  function draw(): void {
    const lines = [...running].map(([file, state]) => runningLine(file, state));
    if (running.size > 0) lines.push(`  ${ended} of ${total} notebooks`);
    const text = lines.map((line) => colour.dim(clipped(line, columns() - 1))).join("\n");
    write(`${erase()}${text}${lines.length > 0 ? "\n" : ""}`);
    drawn = lines.length;
  }

  function print(text: string): void {
    write(`${erase()}${text}\n`);
    drawn = 0;
    draw();
  }

  function notebookLine(notebook: NotebookResult): string {
    const mark = notebook.status === "passed" ? colour.green("✓") : colour.red("✗");
    const cells = plural(notebook.cells.length, "cell");
    return `${mark} ${printableLine(notebook.file)}  ${colour.dim(`${cells}  ${duration(notebook.durationMs)}`)}`;
  }

  function onCell(event: Extract<RunEvent, { file: string }>): void {
    const state = running.get(event.file);
    if (!state) return;
    if (event.type === "cell-start") {
      state.at = printableLine(`cell ${event.number}${event.heading ? ` (${event.heading})` : ""}`);
      state.since = performance.now();
    } else if (event.type === "cell-end") state.done++;
  }

  return (event) => {
    switch (event.type) {
      case "run-start":
        total = event.files.length;
        ended = 0;
        timer = setInterval(draw, redrawMs);
        timer.unref();
        break;
      case "notebook-start":
        running.set(event.file, { cells: event.cells, done: 0, at: "", since: performance.now() });
        break;
      case "cell-start":
      case "cell-end":
        onCell(event);
        break;
      case "notebook-end":
        running.delete(event.notebook.file);
        ended++;
        print(
          [
            notebookLine(event.notebook),
            ...noteLines(event.notebook).map(colour.dim),
            ...failureTexts(event.notebook, command(event.notebook.file)).map((text) => `\n${text}\n`),
          ].join("\n"),
        );
        break;
      case "run-end":
        clearInterval(timer);
        running.clear();
        print(`\n${ending(event.run)}`);
        break;
    }
  };
}
