/**
 * Errors that nobody handles, after their cell has been answered: rejections, and throws in timers.
 * They go to the cell that started them, on stderr, behind the words stock tslab uses and with the
 * metadata `{ late_failure: true, ename, evalue }` on the message.
 */

import type { Output } from "./output";
import type { StackWorld } from "./stacks";
import { describe, plainText } from "./traceback";

type Kind = "UnhandledPromiseRejection" | "UncaughtException";

/** Reports what fails outside every cell's reply, for as long as the process lives. */
export function reportUnhandledErrors(output: Output, world: StackWorld) {
  const report = (kind: Kind) => (reason: unknown) => {
    const failure = describe(reason, world);
    const { ename, evalue } = failure;
    output.print("stderr", `${kind}: ${plainText(failure)}\n`, { late_failure: true, ename, evalue });
  };
  process.on("uncaughtException", report("UncaughtException"));
  process.on("unhandledRejection", report("UnhandledPromiseRejection"));
}
