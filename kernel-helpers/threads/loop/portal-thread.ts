import { type MessagePort, workerData } from "node:worker_threads";
import { packThrown } from "../closures/pack";
import { Bell } from "../sync/queue-channel";
import { DeadlockError, PortalNotRunning } from "../task/errors";
import { dropKept } from "../worker/kept";
import { type Outgoing, runMessage } from "../worker/run-task";
import { cancelled, cancelTask } from "../worker/worker-context";
import { type Answer, type PortalThreadData, type ToPortal, word } from "./portal-protocol";

/** The thread of a portal: an event loop that runs what other threads ask for, many tasks at a time. */

interface Caller {
  port: MessagePort;
  bell: Bell | undefined;
  /** 1 while the caller waits without limit. */
  waits: Int32Array | undefined;
}

const { setup, port, shared } = workerData as PortalThreadData;
const words = new Int32Array(shared);
const callers = new Set<Caller>();
const running = new Map<number, { caller: Caller; name: string }>();
let newSetup: typeof setup | undefined = setup;
let stopping = false;

function listen(port: MessagePort): void {
  const caller: Caller = { port, bell: undefined, waits: undefined };
  callers.add(caller);
  port.on("message", (request: ToPortal) => receive(caller, request));
  port.on("close", () => {
    callers.delete(caller);
    holdLoop();
  });
}

function receive(caller: Caller, request: ToPortal): void {
  switch (request.kind) {
    case "hello":
      caller.bell = new Bell(request.bell);
      caller.waits = new Int32Array(request.waits);
      break;
    case "run":
      void serve(caller, request);
      break;
    case "cancel":
      cancelTask(request.id, cancelled());
      break;
    case "connect":
      listen(request.port);
      break;
    case "drop":
      dropKept(request.id);
      break;
    case "stop":
      stopping = true;
      if (request.cancelRemaining) for (const id of running.keys()) cancelTask(id, cancelled());
      break;
  }
  holdLoop();
  endIfDone();
}

async function serve(caller: Caller, { message, name }: ToPortal & { kind: "run" }): Promise<void> {
  const { id } = message;
  if (stopping) return send(caller, id, failed(new PortalNotRunning(stoppedMessage)));
  if (newSetup) message.setup = newSetup;
  newSetup = undefined;
  running.set(id, { caller, name });
  finish(id, await runMessage(message));
}

const stoppedMessage = "The portal was stopped and takes no more calls. Start a new one.";

const failed = (error: unknown): Outgoing => ({
  reply: { error: packThrown(error), posts: 0 },
  transfer: [],
});

function finish(id: number, outgoing: Outgoing): void {
  const task = running.get(id);
  if (!task) return;
  running.delete(id);
  send(task.caller, id, outgoing);
  holdLoop();
  endIfDone();
}

function send({ port, bell }: Caller, id: number, { reply, transfer }: Outgoing): void {
  try {
    port.postMessage({ id, reply } satisfies Answer, [...new Set(transfer)] as ArrayBuffer[]);
  } catch (error) {
    port.postMessage({ id, reply: failed(error).reply } satisfies Answer);
  }
  bell?.ring();
}

/** Nobody but what runs here can settle what runs here. */
function isAlone(): boolean {
  if (running.size === 0) return false;
  for (const { waits } of callers) if (!waits || Atomics.load(waits, 0) === 0) return false;
  return true;
}

/** The lines keep this loop alive, unless all who could send something wait for what runs here. */
function holdLoop(): void {
  const alone = isAlone();
  for (const { port } of callers) {
    if (alone) port.unref();
    else port.ref();
  }
}

/** The loop has nothing left that could settle what runs here. */
process.on("beforeExit", () => {
  if (isAlone()) for (const [id, { name }] of running) finish(id, failed(unsettled(name)));
  holdLoop();
});

function unsettled(name: string): DeadlockError {
  return new DeadlockError(
    `${name} waits for a promise that nothing can settle any more: its event loop has nothing left to do, no timer, ` +
      'no socket, no file (Node says "unsettled top-level await" of such a program). Timers that were unref\'d and ' +
      "Atomics.waitAsync do not count.",
  );
}

function endIfDone(): void {
  if (!stopping || running.size > 0) return;
  // After the handlers of those who were called: `stop` returns when this one runs.
  process.off("exit", tellOfEnd).on("exit", tellOfEnd);
  process.exit(0);
}

function tellOfEnd(code: number): void {
  Atomics.store(words, word.exitCode, code);
  Atomics.store(words, word.ended, 1);
  for (const { bell } of callers) bell?.ring();
}

process.on("exit", tellOfEnd);
listen(port);
Atomics.store(words, word.up, 1);
