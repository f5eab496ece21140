import type MarkdownIt = require("markdown-it");

import { escapeHtml } from "./escape";
import { type Labels, labelsOf } from "./labels";

/** List items that begin with `[ ]` or `[x]` get a box, as on GitHub; it cannot be changed. */
export function taskLists(md: MarkdownIt.MarkdownIt): void {
  md.core.ruler.after("inline", "task-lists", ({ tokens, env }) => {
    const labels = (env as { labels?: Labels } | undefined)?.labels ?? labelsOf("en");
    tokens.forEach((token, index) => {
      const [item, paragraph] = [tokens[index - 2], tokens[index - 1]];
      if (token.type !== "inline" || paragraph?.type !== "paragraph_open") return;
      if (item?.type !== "list_item_open") return;
      const text = token.children?.[0];
      const mark = text?.type === "text" ? /^\[([ xX])\](?=\s)/.exec(text.content) : null;
      if (!text || !mark) return;
      const isDone = mark[1] !== " ";
      text.content = text.content.slice(mark[0].length);
      const box = Object.assign(Object.create(Object.getPrototypeOf(text) as object) as typeof text, text);
      box.type = "html_inline";
      box.content = `<input type="checkbox" disabled${isDone ? " checked" : ""} aria-label="${escapeHtml(isDone ? labels.done : labels.open)}">`;
      token.children!.unshift(box);
      item.attrJoin("class", "task-list-item");
    });
  });
}
