/** A debugger of the main thread: stops it at `debugger` for `ms`, and tells who resumed it. */
const { parentPort, workerData } = require("node:worker_threads");
const { MainThreadSession } = require("../../kernel-helpers/dist/inspector");

const session = new MainThreadSession();
setInterval(() => {}, 60_000);
session.on("Debugger.paused", async () => {
  let isResumed = false;
  session.on("Debugger.resumed", () => {
    isResumed = true;
  });
  await new Promise((over) => setTimeout(over, workerData.ms));
  parentPort.postMessage(isResumed ? "resumed by somebody else" : "held");
  if (!isResumed) await session.post("Debugger.resume");
  session.close();
});
void session.post("Debugger.enable").then(() => parentPort.postMessage("ready"));
