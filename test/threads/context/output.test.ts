import { runCoroutineThreadsafe, ThreadPoolExecutor } from "kernel-helpers";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { flag } from "../helpers.ts";

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
afterAll(() => executor.shutdown());
afterEach(() => vi.restoreAllMocks());

/** Takes what is written to a stream, as tslab does for each cell. */
function capture(stream: "stdout" | "stderr", onText: (text: string) => void = () => {}): string[] {
  const lines: string[] = [];
  vi.spyOn(process[stream], "write").mockImplementation((chunk: unknown) => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk as Uint8Array).toString();
    lines.push(text);
    onText(text);
    return true;
  });
  return lines;
}

test("what a worker prints and then blocks is seen while it blocks", async () => {
  const word = flag();
  const lines = capture("stdout", () => {
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
  });
  // The worker goes on only once its line has been seen here.
  const woken = await executor.submit((at: Int32Array) => {
    console.log("before blocking");
    return Atomics.wait(at, 0, 0, 10_000);
  }, word);
  expect(woken).not.toBe("timed-out");
  expect(lines).toEqual(["before blocking\n"]);
});

test("all output is there when the task resolves, in order, beside calls to the loop", async () => {
  const lines = capture("stdout");
  const note = (text: string) => lines.push(text);
  await executor.submit(() => {
    for (let i = 0; i < 500; i++) console.log(i);
    runCoroutineThreadsafe(note, "noted").result();
    process.stdout.write("end");
  });
  expect(lines).toEqual([...Array.from({ length: 500 }, (_, i) => `${i}\n`), "noted", "end"]);
});

test("stderr, bytes and write callbacks", async () => {
  const lines = capture("stderr");
  await executor.submit(
    () => new Promise<void>((resolve) => process.stderr.write(Buffer.from("é"), () => resolve())),
  );
  expect(lines).toEqual(["é"]);
});

test("output goes to where stdout led when the task was submitted", async () => {
  const first = capture("stdout");
  const future = executor.submit(() => console.log("of the first cell"));
  vi.restoreAllMocks();
  const second = capture("stdout");
  await future;
  expect(first).toEqual(["of the first cell\n"]);
  expect(second).toEqual([]);
});

test("what a task printed before it died is not lost", async () => {
  const lines = capture("stdout");
  await executor
    .submit(() => {
      console.log("last words");
      process.exit(1);
    })
    .catch(() => {});
  expect(lines).toEqual(["last words\n"]);
});
