// What Node gives without any library: a port, Atomics.wait, a transfer list.
const { parentPort, receiveMessageOnPort } = require("node:worker_threads");

parentPort?.on("message", ({ buffer }) => {
  if (buffer) parentPort.postMessage(buffer, [buffer]);
});

/** Asks the loop so often for a square, blocking for each; gives the times in microseconds. */
exports.bareCalls = function bareCalls(calls, port, bell) {
  const times = [];
  for (let i = 0; i < calls; i++) {
    const start = performance.now();
    const rings = Atomics.load(bell, 0);
    port.postMessage(i);
    Atomics.wait(bell, 0, rings);
    receiveMessageOnPort(port);
    times.push((performance.now() - start) * 1000);
  }
  port.close();
  return times;
};
