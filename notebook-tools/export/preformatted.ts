import { withoutAnsi } from "./ansi";

/** Preformatted text; where lines are long or many it scrolls, and then the keyboard must reach it. */
export function preHtml(text: string, toHtml: (text: string) => string, attributes = ""): string {
  const lines = withoutAnsi(text).split("\n");
  const scrolls = lines.length > 30 || lines.some((line) => line.length > 76);
  return `<pre${scrolls ? ' tabindex="0"' : ""}><code${attributes}>${toHtml(text)}</code></pre>`;
}
