import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Kernel, published, streamText } from "./client";

describe("comms", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await Kernel.start();
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  const comms = async (content = {}) => (await kernel.ask("comm_info_request", content)).reply.comms;
  const idle = (id: string) =>
    kernel.until(() => kernel.of(id).find(({ content }) => content.execution_state === "idle"));

  test("of a target that nobody has registered are closed", async () => {
    const id = await kernel.send("comm_open", { comm_id: "c", target_name: "t", data: {} });
    const close = await kernel.until(() => kernel.of(id, "comm_close")[0]);
    expect(close.content).toEqual({ comm_id: "c", data: {} });
    expect(await comms()).toEqual({});
  });

  test("that a cell opens carry data, metadata and bytes both ways, until they are closed", async () => {
    const opened = await kernel.run(
      "const comm = Jupyter.openComm('widget', { a: 1 }, { metadata: { version: '2' } });\ncomm.onMessage = ({ data, buffers }: any) => console.log(data, buffers.length);\ncomm.onClose = () => console.log('closed', comm.closed);",
    );
    const message = opened.published.find(({ header }) => header.msg_type === "comm_open")!;
    expect(message.content).toMatchObject({ target_name: "widget", data: { a: 1 } });
    expect(message.metadata).toEqual({ version: "2" });
    const { comm_id } = message.content;
    expect(await comms()).toEqual({ [comm_id]: { target_name: "widget" } });
    expect(await comms({ target_name: "other" })).toEqual({});

    const sent = await kernel.run("comm.send([1], { buffers: [Buffer.from('x')] })");
    expect(published(sent, "comm_msg")).toEqual({ comm_id, data: [1] });

    await idle(await kernel.send("comm_msg", { comm_id, data: { x: 1 } }));
    await idle(await kernel.send("comm_close", { comm_id, data: {} }));
    // What its handlers print goes to the cell that has set them.
    expect(streamText({ reply: {}, published: kernel.of(message.parent.msg_id!) })).toBe(
      "{ x: 1 } 0\nclosed true\n",
    );
    expect(await comms()).toEqual({});
    const late = await kernel.run("comm.send()");
    expect(late.reply.evalue).toBe("the comm widget is closed: open another with Jupyter.openComm");
  });

  test("to a target of a cell, also one whose message a waiting cell needs", async () => {
    await kernel.run(
      "Jupyter.registerCommTarget('ask', (comm: any, { data }: any) => { (globalThis as any).asked = comm; comm.send({ got: data }) })",
    );
    await idle(await kernel.send("comm_open", { comm_id: "front", target_name: "ask", data: 5 }));
    expect(
      kernel.received.find(({ header }) => header.msg_type === "comm_msg" && header)?.content,
    ).toBeDefined();
    expect(await comms()).toEqual({ front: { target_name: "ask" } });
    const waiting = await kernel.submit(
      "console.log('waiting'); await new Promise((done) => { (globalThis as any).asked.onMessage = ({ data }: any) => done(data) })",
    );
    await kernel.until(() => kernel.of(waiting, "stream")[0]);
    await kernel.send("comm_msg", { comm_id: "front", data: "answer" });
    expect(published(await kernel.answer(waiting), "execute_result").data["text/plain"]).toBe("'answer'");
  });

  test("whose handler throws cost themselves alone, and say so under their cell", async () => {
    const cell = await kernel.run("Jupyter.registerCommTarget('bad', () => { throw new RangeError('no') })");
    const id = cell.published[0]!.parent.msg_id!;
    await idle(await kernel.send("comm_open", { comm_id: "bad", target_name: "bad", data: {} }));
    const error = await kernel.until(() => kernel.of(id).find(({ metadata }) => metadata.late_failure));
    expect(error.metadata).toMatchObject({ ename: "RangeError", evalue: "no" });
    expect((await kernel.run("1")).reply.status).toBe("ok");
  });

  test("of kernel-helpers:loop tell that a cell blocks the loop, while it does, until they are closed", async () => {
    const told = () =>
      kernel.received
        .filter(({ content }) => content.comm_id === "watch" && content.data?.state)
        .map(({ content }) => content.data);
    await kernel.send("comm_open", { comm_id: "watch", target_name: "kernel-helpers:loop", data: {} });
    await kernel.until(() => told()[0]);
    expect(told()[0]).toEqual({ state: "free", ms: 0, threads: { busy: 0, all: 0 } });
    const busy = await kernel.submit("console.log('in');\nfunction spin() {\n  while (true);\n}\nspin()");
    await kernel.until(() => told().find(({ state, ms }) => state === "blocked" && ms > 0));
    const { at } = await kernel.until(() => told().find((data) => data.at));
    expect(at).toEqual({ function: "spin", cell: expect.stringMatching(/^cell \d+$/), line: 3 });
    expect(kernel.of(busy, "execute_reply")).toEqual([]);
    await kernel.ask("interrupt_request", {}, "control");
    await kernel.answer(busy);
    const free = await kernel.until(() => (told().at(-1)!.state === "free" ? told().at(-1) : undefined));
    expect(free).not.toHaveProperty("at");
    const pool = `import { ThreadPoolExecutor } from "kernel-helpers";
      const pool = new ThreadPoolExecutor({ maxWorkers: 2 }); await pool.ready();
      const gate = new Int32Array(new SharedArrayBuffer(4));
      const held = pool.submit((gate) => void Atomics.wait(gate, 0, 0), gate);`;
    expect((await kernel.run(pool)).reply.status).toBe("ok");
    await kernel.until(() => told().find(({ threads }) => threads.busy === 1 && threads.all === 2));
    await kernel.run("Atomics.store(gate, 0, 1); Atomics.notify(gate, 0); await held; await pool.shutdown()");
    await kernel.until(() => (told().at(-1)!.threads.all === 0 ? true : undefined));
    await idle(await kernel.send("comm_close", { comm_id: "watch", data: {} }));
    expect(await comms()).not.toHaveProperty("watch");
  });

  test("say what is wrong with their arguments", async () => {
    expect((await kernel.run("Jupyter.openComm('')")).reply).toMatchObject({ ename: "TypeError" });
    expect((await kernel.run("Jupyter.registerCommTarget('x', 5 as never)")).reply.evalue).toBe(
      "expected a function (comm, message), got number",
    );
  });
});
