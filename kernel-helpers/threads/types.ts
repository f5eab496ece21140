// biome-ignore lint/suspicious/noExplicitAny: any function at all; `never[]` would refuse to be called
export type AnyFunction = (...args: any[]) => any;
