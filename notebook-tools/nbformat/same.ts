import { multilineText } from "./text";
import type { MultilineString, Output } from "./types";
import { isLinesMime } from "./write";

/** Whether outputs mean the same: a text and the list of its lines do. */
export function isSameOutputs(a: readonly Output[], b: readonly Output[]): boolean {
  return a.length === b.length && a.every((output, index) => isSame(output, b[index], false));
}

function isSame(a: unknown, b: unknown, isText: boolean): boolean {
  if (a === b) return true;
  if (isText && isMultiline(a) && isMultiline(b)) return multilineText(a) === multilineText(b);
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every(
      (name) => Object.hasOwn(b, name) && isSame(a[name], b[name], name === "text" || isLinesMime(name)),
    )
  );
}

function isMultiline(value: unknown): value is MultilineString {
  return (
    typeof value === "string" || (Array.isArray(value) && value.every((line) => typeof line === "string"))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
