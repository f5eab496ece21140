import { types } from "node:util";
import { MessagePort } from "node:worker_threads";
import type { CallExpression } from "acorn";
import { isRevivable } from "../task/transferable";
import type { Mutation } from "./analysis";
import { referenceOf } from "./modules";
import { memberName } from "./syntax";

/** Which expressions change an object that a function captured, and whether that object is a copy in a thread. */

/** What takes its arguments away from the thread: who hands a copy out has a use for its changes. */
export const handsOut = /^(callSoonThreadsafe|runCoroutineThreadsafe|postMessage|structuredClone)$/;
/** Methods of lists that call their first argument. */
export const callsBack = /^(forEach|map|flatMap|filter|reduce|reduceRight|some|every|find\w*|sort|toSorted)$/;
/** Of them, those that give it one item. */
export const givesItem = /^(forEach|map|flatMap|filter|some|every|find\w*)$/;
/** Methods that change their list and give it back: `return numbers.sort()` wants the copy. */
export const givesReceiver = /^(sort|reverse|fill|copyWithin)$/;

/** `push` for `Array.prototype.push.call(list, 1)`, which changes its first argument, and for `[].push.apply(list, more)`. */
export function borrowedMethod({ callee }: CallExpression): string | undefined {
  if (callee.type !== "MemberExpression" || !/^(call|apply)$/.test(memberName(callee) ?? ""))
    return undefined;
  const method = callee.object;
  if (method.type !== "MemberExpression") return undefined;
  const { object } = method;
  const isPrototype = object.type === "MemberExpression" && memberName(object) === "prototype";
  return isPrototype || object.type === "ArrayExpression" ? memberName(method) : undefined;
}

const changers: Record<string, Set<string>> = {
  Object: new Set(["assign", "defineProperty", "defineProperties", "setPrototypeOf"]),
  Reflect: new Set(["set", "defineProperty", "deleteProperty", "setPrototypeOf"]),
};

/** `Object.assign(o, …)` and the like. */
export function changesFirstArgument({ callee }: CallExpression): boolean {
  if (callee.type !== "MemberExpression" || callee.object.type !== "Identifier") return false;
  return changers[callee.object.name]?.has(memberName(callee) ?? "") ?? false;
}

const ofList = /^(push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin)$/;
const ofNumbers = /^(set|fill|sort|reverse|copyWithin|write\w*|swap\d+)$/;

/** Does the method, called on the value, change it? Weak collections are seldom read by who only has other keys. */
function changes(value: object, method: string): boolean {
  if (Array.isArray(value)) return ofList.test(method);
  if (types.isMap(value)) return /^(set|delete|clear|getOrInsert\w*)$/.test(method);
  if (types.isSet(value)) return /^(add|delete|clear)$/.test(method);
  if (types.isDate(value)) return /^set[A-Z]/.test(method);
  if (types.isDataView(value)) return /^set[A-Z]/.test(method);
  return ArrayBuffer.isView(value) && ofNumbers.test(method);
}

/** What the path leads to, from the value of the captured variable. */
function follow(start: unknown, path: Mutation["path"]): unknown {
  let value = start;
  for (const key of path) {
    if (typeof value !== "object" && typeof value !== "function") return undefined;
    if (value === null || !isCopied(value)) return undefined;
    if (key !== undefined) value = propertyOf(value, key);
    // Which item it is only shows when the code runs: any will do, as they are mostly alike.
    else value = types.isTypedArray(value) ? undefined : Object.values(value)[0];
  }
  return value;
}

/** A getter is not called for a hint. */
function propertyOf(holder: object, key: string): unknown {
  for (let each: object | null = holder; each; each = Object.getPrototypeOf(each) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(each, key);
    if (descriptor) return descriptor.value;
  }
  return undefined;
}

/** False for what is shared with the thread, lives in it or moves to it. */
function isCopied(value: object): boolean {
  if (types.isProxy(value) || isRevivable(value) || value instanceof MessagePort) return false;
  const memory = ArrayBuffer.isView(value) ? value.buffer : value;
  if (types.isSharedArrayBuffer(memory)) return false;
  return referenceOf(value) === undefined;
}

/** Is the change, made to what is captured, one to a copy? `moved` are the objects that move instead. */
export function isLost({ path, method }: Mutation, captured: unknown, moved: object[]): boolean {
  const value = follow(captured, path);
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  if (!isCopied(value) || moved.includes(ArrayBuffer.isView(value) ? value.buffer : value)) return false;
  return method === undefined || changes(value, method);
}
