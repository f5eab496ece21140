/** Run from a new snapshot: compiles a cell. Ends with 0 only if that went well, and only then is it used. */

import { takeLoaded } from "./take-loaded";

function compiles(): boolean {
  const { Compiler } = require("../compiler") as typeof import("../compiler");
  const request = { label: "cell 1", declarations: "", source: "const n: number = 1 + 1; n" };
  return new Compiler().compile({ kind: "compile", ...request }).converted?.output !== undefined;
}

// The watchers of the compiler would keep the process alive.
process.exit(takeLoaded() && compiles() ? 0 : 1);
