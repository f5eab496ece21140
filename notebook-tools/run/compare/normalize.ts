/** Text -> text in which what may differ looks the same. Pure. */
import type { Normalizer } from "./options";

const number = String.raw`[-+]?(?:\d[\d_]*(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?`;
/** As Russian and others write them: 1 234,5 with a no-break space. In 1,2,3 each is a number of its own. */
const continental = String.raw`(?<!\d,)[-+]?(?:\d{1,3}(?:[\u00a0\u202f]\d{3})+(?:,\d+)?|\d+,\d+)(?!\d|[.,]\d)`;
const unit = `(?:ns|µs|μs|us|ms|s|secs?|seconds?|mins?|minutes?|h|hours?|microseconds?|milliseconds?|нс|мкс|мс|с|мин|ч)`;
/** A unit ends where the word does; `\w` knows Latin letters only. */
const wordEnd = String.raw`(?![\w\u0400-\u04ff])`;

const patterns: Record<Normalizer, [RegExp, string][]> = {
  dates: [
    [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[-+]\d\d:?\d\d)?)?/g, "<date>"],
    [
      /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:\w{3} \d{1,2}|\d{1,2} \w{3}) \d{4}(?: \d\d:\d\d:\d\d(?: GMT[-+\d]*)?)?/g,
      "<date>",
    ],
    [/\b\d{1,2}:\d\d:\d\d(?:\.\d+)?\b/g, "<time>"],
  ],
  ids: [
    [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<id>"],
    [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,64}\b/gi, "<id>"],
  ],
  addresses: [[/\b0x[0-9a-f]{4,16}\b/gi, "<address>"]],
  paths: [
    [/\bfile:\/\/\/[^\s"'`)<>]+/g, "<path>"],
    [/(?<![\w.:/~])(?:~|[A-Za-z]:)?(?:[\\/][\w.@+ -]*[\w.@+-]){2,}/g, "<path>"],
  ],
  durations: [
    [new RegExp(`(?<![\\w.])(?:${continental}|${number})\\s?${unit}${wordEnd}`, "g"), "<duration>"],
  ],
};

/** Dates and ids go first: they hold numbers that would look like something else. */
export function normalizeText(text: string, normalizers: readonly Normalizer[]): string {
  const chosen = (Object.keys(patterns) as Normalizer[]).filter((name) => normalizers.includes(name));
  return chosen
    .flatMap((name) => patterns[name])
    .reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}

const measure = new RegExp(
  `(?:${continental}|${number})(?:\\s?(?:${unit}|[kKMGT]i?B|B|[КМГ]?Б|%|×|x)${wordEnd})?`,
  "g",
);
const bars = /[\u2580-\u259f\u2800-\u28ff\u2500-\u257f]+/g;

/** The shape of a text: numbers (with their unit), runs of blanks and bars drawn with characters all look the same. */
export function maskNumbers(text: string): string {
  return text
    .replace(measure, "#")
    .replace(bars, "▒")
    .replace(/(?:▒[ \t]*)+/g, "▒")
    .replace(/[ \t]+/g, " ")
    .replace(/ $/gm, "");
}

const token = new RegExp(number, "g");

/** Whether two texts are equal apart from numbers that are close. */
export function isClose(a: string, b: string, tolerance: number): boolean {
  if (a === b) return true;
  if (tolerance <= 0 || a.replace(token, "#") !== b.replace(token, "#")) return false;
  const numbers = (text: string) =>
    (text.match(token) ?? []).map((found) => Number(found.replaceAll(/[,_]/g, "")));
  const others = numbers(b);
  return numbers(a).every(
    (value, i) => Math.abs(value - others[i]!) <= tolerance * Math.max(Math.abs(value), Math.abs(others[i]!)),
  );
}
