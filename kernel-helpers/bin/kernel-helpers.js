#!/usr/bin/env node
const [command, ...args] = process.argv.slice(2);
if (command === "install") require("../dist/kernel/install.js").main(args);
else {
  console.error("Usage: kernel-helpers install [OPTIONS], see kernel-helpers install --help");
  process.exitCode = 2;
}
