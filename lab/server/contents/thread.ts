/** The thread of one task of `Background`: does it, answers, and is gone. */
import { parentPort, workerData } from "node:worker_threads";
import { knownError } from "../http/errors";
import type { TaskReply, TaskRequest } from "./background";
import { tasks } from "./tasks";

/** The memory that is given and not copied. */
const memoryOf = (value: object): ArrayBuffer[] =>
  Object.values(value)
    .flat()
    .flatMap((part) =>
      part instanceof Uint8Array && part.byteLength === part.buffer.byteLength
        ? [part.buffer as ArrayBuffer]
        : [],
    );

async function run({ name, input }: TaskRequest): Promise<void> {
  try {
    const value = await (tasks[name] as (input: unknown) => ReturnType<(typeof tasks)[typeof name]>)(input);
    parentPort?.postMessage({ value } satisfies TaskReply, memoryOf(value));
  } catch (error) {
    const known = knownError(error, "The file");
    const reply: TaskReply = known
      ? { refused: { status: known.status, message: known.message } }
      : { error: error as Error };
    parentPort?.postMessage(reply);
  }
}

void run(workerData as TaskRequest);
