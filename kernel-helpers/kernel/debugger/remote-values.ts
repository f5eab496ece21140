/** How values of a paused or running thread are written, from what the inspector says of them. */

import type { Params } from "../../inspector";

const longest = 100;

const short = (text: string) => (text.length > longest ? `${text.slice(0, longest)}…` : text);

function ofString(value: string): string {
  return JSON.stringify(short(value));
}

/** A function's first line, a class's name. */
function ofFunction(description: string): string {
  if (description.startsWith("class")) return /^class[^{]*/.exec(description)![0].trim();
  return short(description.split("\n")[0]!.replace(/\s*\{.*$/, ""));
}

function ofProperty({ name, type, subtype, value, valuePreview }: Params): string {
  if (type === "string") return ofString(value);
  if (type === "function") return "ƒ";
  if (type === "accessor") return "(…)";
  if (valuePreview)
    return textOf({ type, subtype, preview: valuePreview, description: valuePreview.description });
  return subtype === "array" || type !== "object" ? value : short(value || name);
}

/** `{ a: 1, b: "x" }`, `(2) [1, 2]`, `Map(1) { "a" => 1 }`. */
function ofPreview({ subtype, description, properties, entries, overflow }: Params): string {
  const isList = subtype === "array" || subtype === "typedarray";
  const internal = properties.filter((each: Params) => each.name.startsWith("[["));
  if (subtype === "promise") {
    const [state, result] = internal.map((each: Params) => each.value);
    return state === "pending" ? "Promise { <pending> }" : `Promise { <${state}> ${result} }`;
  }
  const parts: string[] = entries
    ? entries.map(({ key, value }: Params) => (key ? `${ofEntry(key)} => ${ofEntry(value)}` : ofEntry(value)))
    : properties.map((each: Params) => {
        const isIndex = isList && /^\d+$/.test(each.name);
        return isIndex ? ofProperty(each) : `${each.name}: ${ofProperty(each)}`;
      });
  if (overflow) parts.push("…");
  const inside = parts.join(", ");
  if (isList) return `${description} [${inside}]`;
  const head = description === "Object" ? "" : `${description} `;
  return parts.length > 0 ? `${head}{ ${inside} }` : `${head}{}`;
}

const ofEntry = (preview: Params) =>
  preview.type === "string" ? ofString(preview.description) : preview.description;

/** The text of a remote object. */
export function textOf(remote: Params): string {
  const { type, subtype, value, unserializableValue, description, preview } = remote;
  if (type === "undefined" || subtype === "null") return String(value);
  if (type === "string") return JSON.stringify(value);
  if (type === "function") return ofFunction(description);
  if (type !== "object") return unserializableValue ?? description ?? String(value);
  if (subtype === "error") return description.split("\n")[0];
  // An entry of a Map: V8 writes both of its halves.
  if (subtype?.startsWith("internal#")) return description;
  if (subtype === "date" || subtype === "regexp" || !preview) return description;
  return ofPreview(preview);
}

/** The type as a reader calls it. */
export function typeOf({ type, subtype, className }: Params): string {
  if (subtype === "null") return "null";
  return type === "object" ? (className ?? "Object") : type;
}

/** How many items a list has, from `Array(3)`. */
export function lengthOf({ subtype, description }: Params): number {
  if (subtype !== "array" && subtype !== "typedarray") return 0;
  return Number(/\((\d+)\)$/.exec(description ?? "")?.[1] ?? 0);
}
