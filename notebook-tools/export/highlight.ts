import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { escapeHtml } from "./escape";

const LANGUAGES = { bash, css, diff, javascript, json, markdown, python, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);
hljs.registerAliases(["ipython", "ipython3"], { languageName: "python" });
hljs.registerAliases(["console"], { languageName: "bash" });

/** The time that the highlighter takes for one word grows with the square of its length, to minutes for 300 KB. */
const [longestWord, longestCode] = [/\S{3000}/, 200_000];

/** Code as HTML with `hljs-…` classes; only escaped when the language is not known, and where it would take too long. */
export function highlight(code: string, language: string): string {
  if (!hljs.getLanguage(language) || code.length > longestCode || longestWord.test(code))
    return escapeHtml(code);
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}
