/** What JupyterLab's loop indicator costs a kernel, and how soon it shows a block. */
import { setTimeout as sleep } from "node:timers/promises";
import { encode, type Kernel, newHeader } from "notebook-tools";
import { median } from "./measure.ts";
import { type Row, row } from "./row.ts";

const seconds = 5;
const comm_id = "bench";

async function result(kernel: Kernel, code: string): Promise<number> {
  let text = "";
  const off = kernel.onMessage(({ header, content }) => {
    if (header.msg_type === "execute_result") text = content.data["text/plain"];
  });
  await kernel.execute(code);
  off();
  return Number(text);
}

/** ms of CPU a second that the kernel takes at rest. */
async function cpuAtRest(kernel: Kernel): Promise<number> {
  const cpuMs = () => result(kernel, "(({ user, system }) => (user + system) / 1000)(process.cpuUsage())");
  await cpuMs();
  const before = await cpuMs();
  await sleep(seconds * 1000);
  return ((await cpuMs()) - before) / seconds;
}

/** ms from the begin of a block to the message that tells of it. */
async function delay(kernel: Kernel): Promise<number> {
  let toldAt = 0;
  const off = kernel.onMessage(({ content }) => {
    if (content.comm_id === comm_id && content.data?.state === "blocked") toldAt ||= Date.now();
  });
  const start = await result(
    kernel,
    "(() => { const start = Date.now(); while (Date.now() < start + 600); return start; })()",
  );
  off();
  return toldAt - start;
}

export async function watchedLoopRows(kernel: Kernel): Promise<Row[]> {
  const tell = (type: string, content: object) => {
    const header = newHeader(type, "bench");
    return kernel.send(
      "shell",
      encode({ header, parent_header: {}, metadata: {}, content: { ...content }, buffers: [] }),
    );
  };
  const unwatched = await cpuAtRest(kernel);
  await tell("comm_open", { comm_id, target_name: "kernel-helpers:loop", data: {} });
  const watched = await cpuAtRest(kernel);
  const delays: number[] = [];
  for (let i = 0; i < 10; i++) delays.push(await delay(kernel));
  await tell("comm_close", { comm_id, data: {} });
  return [
    row(
      "lab: CPU that a watched loop costs",
      Math.max(0, watched - unwatched),
      null,
      "ms/s",
      "at most 5 ms/s",
    ),
    row("lab: a block is told after", median(delays), null, "ms", "at most 250 ms"),
  ];
}
