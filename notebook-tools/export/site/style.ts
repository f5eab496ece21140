import { STYLE } from "../style";

/** What the pages of a site have beyond a single page: a bar, the list of sections, cards, buttons. */
export const SITE_STYLE = `${STYLE}
:root { --bar: 3.5rem; --card: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --card: #1b1f23; } }
html { scroll-padding-top: calc(var(--bar) + 1.5rem); }
.bar { position: sticky; top: 0; z-index: 2; height: var(--bar); display: flex; align-items: center; gap: 1.25rem; padding: 0 1.5rem; background: var(--paper); border-bottom: 1px solid var(--line); font-size: .9375rem; }
.bar .brand { flex: 1; min-width: 0; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; color: var(--ink); font-weight: 600; text-decoration: none; }
.bar .brand:hover { color: var(--accent); }
.languages { display: flex; gap: .9rem; }
.languages a { color: var(--quiet); text-decoration: none; padding: .25rem 0; }
.languages a:hover { color: var(--accent); text-decoration: underline; }
.languages [aria-current] { color: var(--ink); font-weight: 600; }
.search { position: relative; width: 15rem; visibility: hidden; }
.search.ready { visibility: visible; }
.search input { width: 100%; font: inherit; color: inherit; padding: .35rem .8rem; background: var(--code); border: 1px solid var(--line); border-radius: 2rem; }
.search input::placeholder { color: var(--quiet); opacity: 1; }
.search-status { position: absolute; left: -100vw; margin: 0; }
.results { position: absolute; right: 0; top: calc(100% + .5rem); width: min(32rem, calc(100vw - 2rem)); max-height: 70vh; overflow-y: auto; margin: 0; padding: .4rem; list-style: none; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; box-shadow: 0 .6rem 2rem #0002; }
.results li { margin: 0; }
.results a { display: grid; gap: .1rem; padding: .55rem .7rem; border-radius: .4rem; color: var(--ink); text-decoration: none; }
.results a:hover, .results a:focus { background: var(--mark); }
.results span, .results small { color: var(--quiet); font-size: .8125rem; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.results strong { font-weight: 600; }

.page { padding-top: 2.5rem; padding-bottom: 3rem; }
.toc ol { list-style: none; padding: 0; margin: .4rem 0 0; }
.toc .here > a { color: var(--ink); font-weight: 600; }
.toc .here > ul { margin: .1rem 0 .5rem; padding-left: .9rem; border-left: 1px solid var(--line); }
.toc .here > ul ul { padding-left: .8rem; }
.toc a[aria-current="location"] { color: var(--accent); }
@media (min-width: 75rem) {
  .page { max-width: 76rem; grid-template-columns: 17rem minmax(0, 50rem); }
  .toc { top: calc(var(--bar) + 2rem); max-height: calc(100vh - var(--bar) - 3rem); padding-right: .5rem; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
}

.copyable { position: relative; }
.copy, .interactive { font: .8125rem/1.4 var(--sans); padding: .2rem .6rem; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: .35rem; cursor: pointer; }
.copy { position: absolute; top: .5rem; right: .5rem; opacity: 0; }
.copyable:hover .copy, .copy:focus-visible { opacity: 1; }
@media (hover: none) { .copy { opacity: 1; } }
.prose .copyable { max-width: none; margin-bottom: 1.1em; }
.prose .copyable pre { margin-bottom: 0; }
figure { position: relative; }
figure[data-chart] { cursor: pointer; }
figure.live { cursor: auto; }
.chart svg { display: block; }
.tooltip { position: absolute; z-index: 1; pointer-events: none; display: grid; grid-template-columns: auto auto; gap: .1rem .7rem; margin: 0; padding: .45rem .65rem; font-size: .8125rem; line-height: 1.4; color: #23282d; background: #ffffff; border: 1px solid #cfd2cc; border-radius: .4rem; box-shadow: 0 .2rem .8rem #0002; }
.tooltip[hidden] { display: none; }
.tooltip dt { color: #5d666f; }
.tooltip dd { margin: 0; }
.interactive { position: absolute; right: .5rem; bottom: .5rem; color: #23282d; background: #fdfdfb; border-color: #cfd2cc; opacity: 0; }
figure:hover .interactive, .interactive:focus-visible { opacity: 1; }
@media (hover: none) { .interactive { opacity: .85; } }

.cards { list-style: none; padding: 0; display: grid; gap: .9rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); }
.prose > .cards { max-width: none; }
.cards li { margin: 0; }
.cards a { display: block; height: 100%; padding: 1rem 1.15rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; color: var(--ink); text-decoration: none; }
.cards a:hover { border-color: var(--accent); }
.cards strong { display: block; margin-bottom: .3rem; line-height: 1.35; }
.cards span { color: var(--quiet); font-size: .9375rem; line-height: 1.5; display: block; }
.cards code { font-size: .9em; }
.ends { margin-top: 4rem; padding-top: 1.5rem; border-top: 1px solid var(--line); font-size: .9375rem; }
.ends .steps { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
.ends .steps a { padding: .7rem 1rem; border: 1px solid var(--line); border-radius: .6rem; text-decoration: none; line-height: 1.4; }
.ends .steps a:hover { border-color: var(--accent); }
.ends .steps small { display: block; color: var(--quiet); }
.ends .next { grid-column: 2; text-align: right; }
.ends p { margin: 1.5rem 0 0; color: var(--quiet); }
@media (max-width: 40rem) {
  .bar { padding: 0 1.1rem; gap: .8rem; }
  .search { width: 8.5rem; }
  .languages [aria-current] { display: none; }
  .page { padding-top: 1.5rem; }
  .ends .steps { grid-template-columns: 1fr; }
  .ends .next { grid-column: 1; }
}
@media print {
  .bar, .ends, .copy, .interactive { display: none; }
}
`;
