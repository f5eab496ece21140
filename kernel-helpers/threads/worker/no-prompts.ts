/** The reader of a notebook answers on the event loop's thread: what a thread that asks is told. */

const remedy =
  "is there on the event loop only: ask before, and hand the answer to the thread as an argument, or ask the loop from " +
  'the thread: runCoroutineThreadsafe(() => prompt("name")).result().';

/** Puts functions that throw in the place of the kernel's global `prompt`, `confirm` and `promptSecret`. */
export function refusePrompts(): void {
  for (const name of ["prompt", "confirm", "promptSecret"]) {
    const value = () => {
      throw Object.assign(new Error(`${name}() ${remedy}`), { name: "StdinNotImplementedError" });
    };
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }
}
