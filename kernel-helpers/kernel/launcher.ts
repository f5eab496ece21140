/**
 * Starts the kernel: `node launcher.js CONNECTION_FILE`.
 *
 * With a start-up snapshot that matches, this process becomes a Node that begins with it; otherwise it
 * loads the kernel itself. `KERNEL_HELPERS_SNAPSHOT=off` does the latter always: the start then takes
 * half a second longer, and each worker thread 13 MB less, because V8 reads the snapshot's code into
 * every thread.
 */

import { become, restoreEnvironment } from "./snapshot/become";
import { takeLoaded } from "./snapshot/take-loaded";

const connectionFile = process.argv[2];
if (connectionFile === undefined) {
  console.error(
    "Usage: node launcher.js CONNECTION_FILE. Jupyter front ends call it through the kernelspec.",
  );
  process.exit(2);
}

/** The snapshot to begin with again, unless Node was given options of the user's own. */
function snapshot(): string | undefined {
  const { KERNEL_HELPERS_SNAPSHOT: wish, NODE_OPTIONS: options } = process.env;
  if (wish === "off" || options) return undefined;
  const { usableSnapshot } = require("./snapshot/manifest") as typeof import("./snapshot/manifest");
  return usableSnapshot();
}

if (takeLoaded()) restoreEnvironment();
else {
  const blob = snapshot();
  if (blob) become(blob, [__filename, connectionFile]);
}
// Reached in the Node that begins with the snapshot, without one, and where no process can become another.
const { startFront } = require("./front-thread") as typeof import("./front-thread");
const front = startFront(connectionFile);
const { start } = require("./start") as typeof import("./start");
start(front);
