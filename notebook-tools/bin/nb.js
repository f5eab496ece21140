#!/usr/bin/env node
// Outputs can be large, and V8 would rather grow than collect: without this a run whose cell prints
// 100 MB takes 600 MB, with it 350, in the same time.
require("node:v8").setFlagsFromString("--optimize-for-size");
// Compiled code is kept in the system's temporary folder, which is not made where it is missing. Node has this since 22.1.
if (require("node:fs").existsSync(require("node:os").tmpdir())) require("node:module").enableCompileCache?.();
require("../dist/cli.js").main(process.argv.slice(2));
