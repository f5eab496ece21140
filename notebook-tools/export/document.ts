import { escapeHtml } from "./escape";

/** What marks a page as made here, so that the next export may replace it. */
export const GENERATOR = "notebook-tools";

/** What differs from page to page; `policy`, `head` and `body` are HTML already. */
export interface Document {
  lang: string;
  title: string;
  /** The Content Security Policy. */
  policy: string;
  head: string;
  body: string;
}

/** The frame of every page, within which its own head and body stand. */
export function documentHtml({ lang, title, policy, head, body }: Document): string {
  return `<!doctype html>
<html lang="${escapeHtml(lang)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="${GENERATOR}">
<title>${escapeHtml(title)}</title>
${head}
</head>
<body>
${body}
</body>
</html>
`;
}
