/** Any function at all. */
// biome-ignore lint/suspicious/noExplicitAny: any function at all; `never[]` would refuse to be called
export type AnyFunction = (...args: any[]) => any;

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  return typeof (value as { then?: unknown }).then === "function";
}

/** What messages and charts call a function. */
export function functionName(fn: AnyFunction): string {
  return fn.name || "(anonymous)";
}
