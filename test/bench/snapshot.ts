/** The kernel's start-up snapshot: built in the background after an install, so that a benchmark may come before it. */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const builder = join(
  import.meta.dirname,
  ...["..", "..", "kernel-helpers", "dist", "kernel", "compiler", "snapshot", "build.js"],
);

/** Builds it where it is missing or does not match; does nothing otherwise. */
export const buildSnapshot = () => promisify(execFile)(process.execPath, [builder]);
