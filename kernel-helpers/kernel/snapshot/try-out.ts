/**
 * Run from a new snapshot: compiles a cell, and lets a thread fail. Ends with 0 only if both went well,
 * and only then is the snapshot used.
 */

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { takeLoaded } from "./take-loaded";

function compiles(): boolean {
  const { createCompiler } = require("../compiler") as typeof import("../compiler");
  const { Shared } = require("../bridge") as typeof import("../bridge");
  const { output } = createCompiler(new Shared()).converter.convert("", "const n: number = 1 + 1; n");
  return output !== undefined;
}

/** A snapshot with the wrong modules of Node in it aborts as soon as a thread needs them. */
async function threadFails(): Promise<boolean> {
  const worker = new Worker("require('node:net'); throw new RangeError('as expected')", { eval: true });
  const [error] = await once(worker, "error");
  return error.message === "as expected";
}

if (!takeLoaded() || !compiles()) process.exit(1);
// The watchers of the compiler would keep the process alive.
threadFails().then((well) => process.exit(well ? 0 : 1));
