/**
 * The style sheet of a page. Prose is about 75 characters wide, code and charts a little wider; text
 * has a contrast of at least 4.5 to 1 with its background, light and dark.
 */
export const STYLE = `
:root {
  --paper: #fdfdfb; --ink: #23282d; --quiet: #5d666f; --line: #e4e5e0; --code: #f5f5f0;
  --accent: #0b6b74; --mark: #e3f1f1; --error: #a8322a; --error-paper: #fcf1ef; --warn: #c9a227; --chart: #fdfdfb;
  --keyword: #8b3a8f; --string: #2f6b2f; --number: #9a4a00; --comment: #686f76; --title: #1f5fa8; --type: #0b6b74;
  --black: #23282d; --red: #a8322a; --green: #2f6b2f; --yellow: #7d5c00; --blue: #1f5fa8; --magenta: #8b3a8f;
  --cyan: #0b6b74; --white: #5d666f;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16191c; --ink: #d8dcdf; --quiet: #98a1a9; --line: #2c3136; --code: #1d2125;
    --accent: #6cc3c9; --mark: #17363a; --error: #f0938a; --error-paper: #2a1d1c; --warn: #c9a227; --chart: #f3f4f1;
    --keyword: #d39bd8; --string: #9ccc8f; --number: #e5b07a; --comment: #939ba3; --title: #8fbcf2; --type: #6cc3c9;
    --black: #98a1a9; --red: #f0938a; --green: #9ccc8f; --yellow: #e0c46c; --blue: #8fbcf2; --magenta: #d39bd8;
    --cyan: #6cc3c9; --white: #d8dcdf;
  }
}
* { box-sizing: border-box; }
html { color-scheme: light dark; scroll-padding-top: 1.5rem; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.65 var(--sans); overflow-wrap: break-word; }
.page { max-width: 53rem; margin: 0 auto; padding: 3rem 1.5rem 6rem; }
main { min-width: 0; outline: none; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; z-index: 1; padding: .5rem 1rem; background: var(--paper); border-radius: .3rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: .2rem; }

h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 2.4em 0 .7em; font-weight: 650; letter-spacing: -.01em; text-wrap: balance; }
h1 { font-size: 2.1rem; margin-top: 0; letter-spacing: -.02em; }
h2 { font-size: 1.5rem; }
h3 { font-size: 1.2rem; }
h4, h5, h6 { font-size: 1.0625rem; }
.anchor { color: var(--quiet); font-weight: 400; text-decoration: none; opacity: 0; }
:is(h1, h2, h3, h4, h5, h6):hover .anchor { opacity: .7; }
p, ul, ol, dl, blockquote, table { margin: 0 0 1.1em; }
li { margin: .25em 0; }
li > p { margin-bottom: .5em; }
ul, ol { padding-left: 1.5em; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .18em; }
a:hover { text-decoration-thickness: 2px; }
strong { font-weight: 650; }
hr { border: 0; border-top: 1px solid var(--line); margin: 2.5em 0; }
blockquote { margin-left: 0; padding: .1em 0 .1em 1.1em; border-left: 3px solid var(--accent); color: var(--quiet); }
blockquote > :last-child { margin-bottom: 0; }
mark { background: var(--mark); color: inherit; }
kbd { font: .85em var(--mono); padding: .1em .4em; border: 1px solid var(--line); border-bottom-width: 2px; border-radius: .3em; }
img { max-width: 100%; height: auto; }
.prose > :not(pre, table) { max-width: 44rem; }
.prose > :last-child { margin-bottom: 1.1em; }

code, pre, samp, tt { font-family: var(--mono); font-size: .875em; }
:not(pre) > code { background: var(--code); padding: .15em .35em; border-radius: .3em; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
:is(h1, h2, h3, h4, h5, h6) > code { background: none; padding: 0; font-size: .92em; letter-spacing: -.03em; }
a > code { color: inherit; }
pre { margin: 0; overflow: auto; max-height: 34rem; font-size: .9375rem; line-height: 1.55; tab-size: 2; scrollbar-width: thin; scrollbar-color: var(--quiet) transparent; }
pre code { font-size: .9em; }
.prose pre { background: var(--code); padding: .9rem 1.1rem; border-radius: .4rem; margin-bottom: 1.1em; }

.cell { margin: 1.6rem 0 2rem; }
.source pre { background: var(--code); padding: .9rem 1.1rem; border-radius: .4rem; max-height: none; }
.outputs { margin-top: .55rem; padding: 0 0 0 1.1rem; border-left: 2px solid var(--line); }
.outputs > * { margin: .55rem 0; }
.outputs > :first-child { margin-top: 0; }
.outputs > :last-child { margin-bottom: 0; }
.outputs pre { padding: .2rem 0; }
.stderr pre { background: var(--code); border-left: 3px solid var(--warn); padding: .5rem .8rem; }
.error pre { background: var(--error-paper); border-left: 3px solid var(--error); padding: .7rem .9rem; }
.result { overflow-x: auto; }
.unshown { color: var(--quiet); font-size: .9375rem; }
.result audio, .result video, .outputs > audio, .outputs > video { max-width: 100%; }
.task-list-item { list-style: none; }
.task-list-item > input:first-child, .task-list-item > p > input:first-child { margin: 0 .4em 0 -1.3em; }
.markdown-alert { --alert: var(--title); margin: 0 0 1.1em; padding: .1em 0 .1em 1.1em; border-left: 3px solid var(--alert); }
.markdown-alert > :last-child { margin-bottom: 0; }
.markdown-alert-title { display: flex; align-items: center; gap: .5em; margin-bottom: .3em; color: var(--alert); font-weight: 600; }
.markdown-alert-title svg { fill: currentColor; }
.markdown-alert-tip { --alert: var(--string); }
.markdown-alert-important { --alert: var(--keyword); }
.markdown-alert-warning { --alert: var(--yellow); }
.markdown-alert-caution { --alert: var(--error); }
.footnotes { font-size: .9375rem; color: var(--quiet); border-top: 1px solid var(--line); padding-top: 1em; }
.footnotes-sep { display: none; }
math { font-size: 1.1em; }
.tml-block { display: block; overflow-x: auto; padding: .2em 0; margin: 0 0 1.1em; }
.tml-sml-pad { padding-left: .05em; }
figure { margin: 0; overflow-x: auto; background: var(--chart); border-radius: .4rem; }
figure.clear { background: none; }
figure img { display: block; max-width: 100%; }
details { margin: 1.2rem 0; }
summary { cursor: pointer; color: var(--accent); }

table { border-collapse: collapse; display: block; overflow-x: auto; font-size: .9375rem; line-height: 1.5; font-variant-numeric: tabular-nums; }
th, td { padding: .45em .9em; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th:first-child, td:first-child { padding-left: .2em; }
thead th { border-bottom-color: var(--quiet); font-weight: 600; }

.toc { font-size: .9375rem; line-height: 1.45; margin-bottom: 2.5rem; }
.toc details { margin: 0; }
.toc ul { list-style: none; padding: 0; margin: .4rem 0 0; }
.toc ul ul { padding-left: 1rem; margin: 0; }
.toc li { margin: 0; }
.toc a { display: block; padding: .25rem 0; color: var(--quiet); text-decoration: none; }
.toc a:hover { color: var(--accent); text-decoration: underline; }
@media (min-width: 75rem) {
  .page { max-width: 73rem; display: grid; grid-template-columns: 15rem minmax(0, 50rem); gap: 4rem; }
  .page > main:only-child { grid-column: 1 / -1; width: 50rem; justify-self: center; }
  .toc { position: sticky; top: 3rem; align-self: start; max-height: calc(100vh - 6rem); overflow-y: auto; margin: 0; }
  @supports selector(::details-content) {
    .toc summary { pointer-events: none; list-style: none; color: var(--ink); font-weight: 600; }
    .toc details::details-content { content-visibility: visible; display: block; }
  }
}
@media (max-width: 40rem) {
  body { font-size: 1rem; }
  .page { padding: 1.5rem 1.1rem 4rem; }
  .toc { margin-bottom: 1.25rem; }
  h1 { font-size: 1.7rem; }
  h2 { font-size: 1.3rem; }
  .source pre, .prose pre { margin-left: -1.1rem; margin-right: -1.1rem; border-radius: 0; }
  .outputs { padding-left: .8rem; }
}

.hljs-keyword, .hljs-literal, .hljs-operator { color: var(--keyword); }
.hljs-string, .hljs-regexp, .hljs-addition { color: var(--string); }
.hljs-number, .hljs-symbol, .hljs-subst .hljs-number { color: var(--number); }
.hljs-comment, .hljs-quote, .hljs-meta { color: var(--comment); font-style: italic; }
.hljs-title, .hljs-section, .hljs-attr, .hljs-name { color: var(--title); }
.hljs-built_in, .hljs-type, .hljs-title.class_, .hljs-selector-class, .hljs-attribute { color: var(--type); }
.hljs-deletion { color: var(--error); }
.hljs-strong { font-weight: 650; }
.hljs-emphasis { font-style: italic; }
${ansiStyle()}
@media print {
  :root { --paper: #fff; --ink: #000; --quiet: #444; --line: #ccc; --code: #f6f6f6; --accent: #000; --chart: #fff; color-scheme: light; }
  body { font-size: 10.5pt; }
  .page { display: block; max-width: none; padding: 0; }
  .prose > * { max-width: none !important; }
  .toc, .skip, .anchor { display: none; }
  pre { max-height: none; white-space: pre-wrap; overflow-wrap: anywhere; }
  h1, h2, h3, h4 { break-after: avoid; }
  figure, img, tr { break-inside: avoid; }
  figure img { min-width: 0 !important; }
}
`;

function ansiStyle(): string {
  const colors = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
  const rules = colors.flatMap((name) => [
    `.ansi-${name}, .ansi-bright-${name} { color: var(--${name}); }`,
    `.ansi-on-${name}, .ansi-on-bright-${name} { background: var(--${name}); color: var(--paper); }`,
  ]);
  return [
    ...rules,
    ".ansi-bold { font-weight: 650; }",
    ".ansi-dim { opacity: .75; }",
    ".ansi-italic { font-style: italic; }",
    ".ansi-underline { text-decoration-line: underline; }",
    ".ansi-strike { text-decoration-line: line-through; }",
    ".ansi-underline.ansi-strike { text-decoration-line: underline line-through; }",
    ".ansi-overline { text-decoration-line: overline; }",
    ".ansi-inverse { background: var(--ink); color: var(--paper); }",
  ].join("\n");
}
