import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The recorder that the built package itself uses, for threads and for a look behind the scenes. */
export const compiledRecorder = join(
  dirname(createRequire(import.meta.url).resolve("kernel-helpers")),
  "timing",
  "recorder.js",
);

export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
