/**
 * Starts the kernel: `node launcher.js CONNECTION_FILE`.
 *
 * With a start-up snapshot that matches, this process becomes a Node that begins with it; otherwise it
 * loads the kernel itself. `KERNEL_HELPERS_SNAPSHOT=off` does the latter always.
 */

import { become } from "./snapshot/become";
import { usableSnapshot } from "./snapshot/manifest";

const connectionFile = process.argv[2];
if (connectionFile === undefined) {
  console.error(
    "Usage: node launcher.js CONNECTION_FILE. Jupyter front ends call it through the kernelspec.",
  );
  process.exit(2);
}
const { KERNEL_HELPERS_SNAPSHOT: wish, NODE_OPTIONS: options } = process.env;
// Options of the user's own, such as a debugger's --require, are for a Node that starts as usual.
const snapshot = wish === "off" || options ? undefined : usableSnapshot();
if (snapshot) become(snapshot, [__filename, connectionFile]);
// Reached without a snapshot, or where a process cannot become another one.
const { start } = require("./start") as typeof import("./start");
start(connectionFile);
