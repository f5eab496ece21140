/** markdown-it-footnote has no types of its own; those of DefinitelyTyped would load into every kernel. */
declare module "markdown-it-footnote" {
  import type MarkdownIt = require("markdown-it");
  function footnote(md: MarkdownIt.MarkdownIt): void;
  export = footnote;
}
