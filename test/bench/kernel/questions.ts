/** How long a reader waits for a completion or an inspection, while the kernel is idle and while a cell runs. */

import { setTimeout as delay } from "node:timers/promises";
import { Kernel } from "../../kernel/client.ts";

/** Asked in turn; each in the middle of a word, or inside a call. */
const completed = [
  "cons",
  "process.st",
  "[1].fl",
  "names.to",
  "import { re } from 'node:fs'".slice(0, 11),
  "new Ma",
];
const inspected = ["console.log", "structuredClone", "names.map(", "setTimeout("];

const names =
  "const names: string[] = ['a']; const busy = (ms: number) => { const t = Date.now(); while (Date.now() - t < ms); }";

/** Between two questions, as somebody types fast. */
const typingMs = 100;

const p95 = (values: number[]) => values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1]!;

async function ask(
  kernel: Kernel,
  msg_type: string,
  codes: readonly string[],
  count: number,
): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    await delay(typingMs);
    const code = codes[i % codes.length]!;
    const before = performance.now();
    const id = await kernel.send(msg_type, { code, cursor_pos: code.length, detail_level: 0 });
    await kernel.until(() => kernel.of(id).find(({ socket }) => socket === "shell"));
    times.push(performance.now() - before);
  }
  return times;
}

export interface Waits {
  completion: number;
  inspection: number;
  busyCompletion: number;
  busyInspection: number;
}

/** 95 % of so many questions were answered within the times returned, in ms. */
export async function questions(argv: readonly string[], count: number, busyMs: number): Promise<Waits> {
  await using kernel = await Kernel.start({ argv: [...argv] });
  await kernel.run(names);
  const both = async () => ({
    completion: p95(await ask(kernel, "complete_request", completed, count)),
    inspection: p95(await ask(kernel, "inspect_request", inspected, count)),
  });
  // The first of each kind pays for what is looked up once.
  await ask(kernel, "complete_request", completed, completed.length);
  await ask(kernel, "inspect_request", inspected, inspected.length);
  const idle = await both();
  await kernel.submit(`busy(${busyMs})`);
  const busy = await both();
  return { ...idle, busyCompletion: busy.completion, busyInspection: busy.inspection };
}
