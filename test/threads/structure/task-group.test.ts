import { getEventListeners, once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { ContextVar, TaskGroup } from "kernel-helpers";
import { expect, expectTypeOf, test, vi } from "vitest";

const untilAborted = async (signal: AbortSignal): Promise<never> => {
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
};

test("gives what the body gives, after every task has ended", async () => {
  const ended = vi.fn();
  const result = await TaskGroup.run(async (group) => {
    group.createTask(() => turn().then(ended));
    const sum = group.createTask(async () => 40 + 2);
    expectTypeOf(sum).toEqualTypeOf<Promise<number>>();
    return sum;
  });
  expectTypeOf(result).toEqualTypeOf<number>();
  expect(result).toBe(42);
  expect(ended).toHaveBeenCalledOnce();
});

test("a failure cancels the siblings, waits for them, and comes as an AggregateError without their cancellation", async () => {
  const cleanedUp = vi.fn();
  const failing = TaskGroup.run((group) => {
    group.createTask((signal) => untilAborted(signal).finally(() => turn().then(cleanedUp)));
    group.createTask(() => turn().then(() => Promise.reject(new RangeError("broken"))));
  });
  const error = await failing.catch((reason) => reason);
  expect(error).toBeInstanceOf(AggregateError);
  expect(error.errors).toEqual([new RangeError("broken")]);
  expect(error.message).toBe("TaskGroup: 1 failed, of 2 tasks: broken");
  expect(cleanedUp).toHaveBeenCalledOnce();
});

test("several failures come together, each once, though the body awaited one of them", async () => {
  const failing = TaskGroup.run(async (group) => {
    group.createTask(() => turn().then(() => Promise.reject(new Error("second"))));
    await group.createTask(() => Promise.reject(new Error("first")));
  });
  const error = await failing.catch((reason) => reason);
  expect(error.errors.map(String)).toEqual(["Error: first", "Error: second"]);
});

test("a failing body cancels the tasks", async () => {
  const failing = TaskGroup.run(async (group) => {
    group.createTask(untilAborted);
    throw new Error("body");
  });
  await expect(failing).rejects.toMatchObject({ errors: [new Error("body")] });
});

test("siblings learn why: an AbortError with the failure as its cause", async () => {
  const reasons: unknown[] = [];
  const failing = TaskGroup.run((group) => {
    group.createTask((signal) => untilAborted(signal).catch((reason) => reasons.push(reason)));
    group.createTask(() => Promise.reject(new Error("broken")));
  });
  await expect(failing).rejects.toThrow("broken");
  expect(reasons[0]).toMatchObject({ name: "AbortError", cause: new Error("broken") });
});

test("a Future in the group is cancelled through cancel()", async () => {
  let reject!: (reason: unknown) => void;
  const future = Object.assign(new Promise<number>((_, no) => (reject = no)), {
    cancel: () => reject(Object.assign(new Error("cancelled"), { name: "CancelledError" })),
  });
  const failing = TaskGroup.run((group) => {
    group.createTask(future);
    group.createTask(() => Promise.reject(new Error("broken")));
  });
  await expect(failing).rejects.toMatchObject({ errors: [new Error("broken")] });
});

test("cancel() ends the tasks and the body still gives its result", async () => {
  const first = await TaskGroup.run(async (group) => {
    group.createTask(untilAborted);
    const winner = await group.createTask(async () => "first");
    group.cancel(new Error("the rest is not needed"));
    return winner;
  });
  expect(first).toBe("first");
});

test("an outer signal cancels the group, which throws its reason; a shared signal keeps no listener", async () => {
  const controller = new AbortController();
  const cancelled = TaskGroup.run((group) => void group.createTask(untilAborted), controller);
  controller.abort(new Error("outer"));
  await expect(cancelled).rejects.toThrow(/^outer$/);
  await expect(TaskGroup.run(() => 1, controller)).rejects.toThrow("outer");
  const { signal } = new AbortController();
  for (let i = 0; i < 20; i++) await TaskGroup.run(() => turn(), { signal });
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("a task may start tasks; an ended or cancelled group takes none", async () => {
  const ran = vi.fn();
  const group = await TaskGroup.run((group) => {
    group.createTask(async () => {
      await turn();
      group.createTask(async () => ran());
    });
    return group;
  });
  expect(ran).toHaveBeenCalledOnce();
  expect(() => group.createTask(turn)).toThrow(/has ended/);
  const open = new TaskGroup();
  open.cancel();
  expect(() => open.createTask(turn)).toThrow(/being cancelled/);
});

test("tasks have a copied context each", async () => {
  const id = new ContextVar("id", { default: "unknown" });
  const seen = await TaskGroup.run(async (group) => {
    id.set("body");
    const setter = group.createTask(async () => void id.set("task"));
    const reader = group.createTask(async () => id.get());
    await setter;
    return [await reader, id.get()];
  });
  expect(seen).toEqual(["body", "body"]);
  expect(id.get()).toBe("unknown");
});

test("await using waits for the tasks and throws their failures", async () => {
  const ended = vi.fn();
  const block = async () => {
    await using group = new TaskGroup();
    group.createTask(() => turn().then(ended));
    group.createTask(() => turn().then(() => Promise.reject(new Error("broken"))));
  };
  await expect(block()).rejects.toThrow("1 failed, of 2 tasks: broken");
  expect(ended).toHaveBeenCalledOnce();
});
