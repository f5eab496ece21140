import type { VegaLiteSpec } from "./spec";

/** What XML cannot hold, and halves of characters, which no UTF-8 can. */
const unprintable = /[^\P{Cc}\t\n\r]|[\p{Cs}\ufffe\uffff]/gu;
/** Longer names would be most of what a notebook stores. */
const longest = 160;

/**
 * A text from outside as every front end can show it. Vega keeps what it draws by its name in plain objects, and throws at
 * one called `toString` or `constructor`: a space of no width makes another name of it.
 */
export function clean(text: string): string {
  return text in Object.prototype ? `${text}\u200b` : text.replace(unprintable, "\ufffd");
}

/** A name of bounded length: its beginning and its end. */
export function short(name: string): string {
  const text = clean(name);
  return text.length > longest ? clean(`${text.slice(0, longest - 40)}…${text.slice(-39)}`) : text;
}

/** Where names stand, which may be cut; elsewhere are expressions. */
const data = new Set(["datasets", "values", "domain", "usermeta"]);

export function cleanSpec(spec: VegaLiteSpec): VegaLiteSpec {
  return cleanValue(spec, false) as VegaLiteSpec;
}

function cleanValue(value: unknown, isData: boolean): unknown {
  if (typeof value === "string") return isData ? short(value) : clean(value);
  if (Array.isArray(value)) return value.map((each) => cleanValue(each, isData));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, cleanValue(each, isData || data.has(key))]),
  );
}
