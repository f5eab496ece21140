/**
 * Starts the kernel: `node launcher.js CONNECTION_FILE`. The sockets, the cells and the compiler each
 * have a thread or a process of their own, and start side by side.
 *
 * The compiler begins with a start-up snapshot where one matches. `KERNEL_HELPERS_SNAPSHOT=off` does
 * without always: the first result then takes half a second longer.
 */

import { useCompileCache } from "./compile-cache";
import { CompilerProcess } from "./compiler/process";
import { nodeFlags } from "./kernelspec";
import { findTypeScript, missingTypeScript } from "./typescript-package";

const connectionFile = process.argv[2];
if (connectionFile === undefined) {
  console.error(
    "Usage: node launcher.js CONNECTION_FILE. Jupyter front ends call it through the kernelspec.",
  );
  process.exit(2);
}

if (!findTypeScript()) {
  console.error(missingTypeScript);
  process.exit(1);
}

// First what takes longest. A kernel without a compiler has said why on its stderr, and ends.
const compiler = new CompilerProcess(() => process.exit(1));
useCompileCache();
// The kernel's flags are its own: child processes of cells start as they would anywhere.
process.execArgv = process.execArgv.filter((flag) => !nodeFlags.includes(flag));
const { captureStandardStreams, startSockets } = require("./sockets") as typeof import("./sockets");
// After the compiler, which says on the real stderr why it cannot start; before there is a second thread.
const streams = captureStandardStreams();
const ownProcesses = [compiler.pid, streams?.keeper].filter((pid) => pid !== undefined);
const sockets = startSockets({ connectionFile, streams, ownProcesses, compiler: compiler.address });
const { startSession } = require("./session") as typeof import("./session");
startSession(sockets, compiler);
