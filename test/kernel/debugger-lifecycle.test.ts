/** What becomes of a stop: another page, an interrupt, a restart, the end of the debugger. */

import { describe, expect, test } from "vitest";
import { Kernel } from "./client";
import { DebugClient, debugged } from "./debug-client";

const { kernel, client, runTo, finish } = debugged();

const both = `import { toThread } from "kernel-helpers";
const inThread = toThread(() => {
  const here = 1;
  return here;
});
const onLoop = 2;
(await inThread) + onLoop`;

const result = (answer: {
  published: { header: { msg_type: string }; content: { data: Record<string, string> } }[];
}) => answer.published.find(({ header }) => header.msg_type === "execute_result")?.content.data["text/plain"];

describe("a page that is loaded anew", () => {
  test("learns of the session, of its breakpoints and of what is stopped, and goes on from there", async () => {
    const stop = await runTo("const before = 1;\n\nbefore + 1", 3);
    const again = new DebugClient(kernel);
    const info = await again.do("debugInfo");
    expect(info).toMatchObject({ isStarted: true, stoppedThreads: [1] });
    const { path } = stop.frames[0].source;
    const mine = info.breakpoints.find(({ source }: { source: string }) => source === path);
    expect(mine.breakpoints).toMatchObject([{ line: 3, verified: true }]);
    // A second client attaches to the same session; configurationDone may come twice.
    await again.attach();
    await again.do("configurationDone");
    await again.do("configurationDone");
    const { stackFrames } = await again.do("stackTrace", { threadId: 1 });
    expect(await again.scope(stackFrames[0].id)).toMatchObject({ before: { value: "1" } });
    expect(result(await finish(stop))).toBe("2");
  });
});

describe("the end of the debugger", () => {
  test("lets all that is stopped go on: the loop and a thread", async () => {
    const stop = await runTo(both, 4, 6);
    await client.stopped();
    expect((await client.do("debugInfo")).stoppedThreads).toHaveLength(2);
    await client.do("disconnect");
    expect(await client.do("debugInfo")).toMatchObject({ isStarted: false, stoppedThreads: [] });
    expect(result(await kernel.answer(stop.id))).toBe("3");
    expect(await client.ask("continue", { threadId: 1 })).toMatchObject({ success: false });
  });
});

describe("an interrupt", () => {
  test("ends the cell that is stopped, and the thread goes on; the debugger stays attached", async () => {
    const stop = await runTo(both, 4, 6);
    await client.stopped();
    await kernel.ask("interrupt_request", {}, "control");
    expect((await kernel.answer(stop.id)).reply).toMatchObject({ status: "error", ename: "Interrupted" });
    await kernel.until(() => kernel.received.at(-1));
    while ((await client.do("debugInfo")).stoppedThreads.length > 0);
    expect((await client.do("debugInfo")).isStarted).toBe(true);
    expect(result(await kernel.run("await inThread"))).toBe("1");
  });
});

describe("the comm kernel-helpers:loop", () => {
  test("says that the loop is paused, not blocked, and where, until it goes on", async () => {
    const told = () =>
      kernel.received.filter(({ content }) => content.comm_id === "loop" && content.data?.state);
    await kernel.send("comm_open", { comm_id: "loop", target_name: "kernel-helpers:loop", data: {} });
    await kernel.until(() => told()[0]);
    const stop = await runTo("function read() {\n  const here = 1;\n  return here;\n}\nread()", 3);
    const { content } = await kernel.until(() => told().find((each) => each.content.data.at));
    expect(content.data).toMatchObject({ state: "paused", at: { function: "read", line: 3 } });
    const before = told().length;
    await finish(stop);
    await kernel.until(() => told().find((each, at) => at >= before && each.content.data.state === "free"));
    expect(told().filter((each) => each.content.data.state === "blocked" && each.content.data.at)).toEqual(
      [],
    );
    await kernel.send("comm_close", { comm_id: "loop", data: {} });
  });
});

describe("while something is stopped", () => {
  test.each(["restart", "kill"])("a %s ends the kernel", async (how) => {
    await using own = await Kernel.start();
    const front = new DebugClient(own);
    await front.attach();
    await front.breakAt(both, 4, 6);
    await own.submit(both);
    await front.stopped();
    await front.stopped();
    if (how === "kill") own.process.kill("SIGKILL");
    else await own.send("shutdown_request", { restart: true }, "control");
    expect(await own.exit).toBe(how === "kill" ? "SIGKILL" : 0);
    expect(own.printed).not.toMatch(/Waiting for the debugger/);
  });

  test("the kernel answers: heartbeats, kernel_info, completions", async () => {
    const stop = await runTo("const waiting = 1;\nwaiting", 2);
    expect((await kernel.ask("kernel_info_request", {}, "control")).reply.status).toBe("ok");
    expect((await kernel.ask("complete_request", { code: "Mat", cursor_pos: 3 })).reply.matches).toContain(
      "Math",
    );
    await finish(stop);
  });
});

describe("what does not fire because somebody reads", () => {
  const timed = `import { toThread, watchLoop } from "kernel-helpers";
const blocks: string[] = [];
const watch = await watchLoop({ threshold: 50, onBlock: ({ message }) => blocks.push(message) });
const inTime = toThread.with({ timeout: 300 })(() => {
  const reading = 1;
  return reading;
});
const stopHere = 1;
await inTime;
await watch.stop();
JSON.stringify(blocks)`;

  test.each([
    ["on its thread", 5],
    ["on the event loop, nor is that a block of the loop", 8],
  ])("a task's timeout, while it is read %s", async (_, line) => {
    const stop = await runTo(timed, line);
    // Longer than the timeout: time is the subject.
    await new Promise((over) => setTimeout(over, 600));
    const answer = await finish(stop);
    expect(answer.reply).toMatchObject({ status: "ok" });
    if (line === 8) expect(result(answer)).toBe("'[]'");
  });
});
