import { type TimelineData, type TimelineTask } from "kernel-helpers";

export function task(id: number, name: string, over: Partial<TimelineTask> = {}): TimelineTask {
  return { id, name, thread: "pool-1", queued: 0, started: 10, done: 20, blocked: [], ...over };
}

export function timeline(over: Partial<TimelineData> = {}): TimelineData {
  return { duration: 205, events: [], tasks: [], blocks: [], marks: [], lost: 0, ...over };
}

/** Three tasks on three threads and one that waits for its turn: what the notebooks draw. */
export const typical = timeline({
  duration: 205.34,
  tasks: [
    task(1, "sum", { thread: "pool-10", queued: 1, started: 36, done: 200 }),
    task(2, "parse", {
      thread: "pool-1",
      queued: 1,
      started: 32,
      done: 140,
      blocked: [{ start: 70, end: 100 }],
    }),
    task(3, "hash", { thread: "pool-2", queued: 1.5, started: 34.26, done: 120 }),
    task(4, "parse", { thread: "pool-2", queued: 3, started: 121, done: 190 }),
  ],
  blocks: [{ start: 80, duration: 20 }],
  marks: [{ time: 60, name: "all sent" }],
});

/** So many tasks, all queued at once, on four threads. */
export function manyTasks(count: number, name = (id: number) => `job ${id}`): TimelineData {
  const tasks = Array.from({ length: count }, (_, id) => {
    const started = 30 + Math.floor(id / 4) * 19 + (id % 4);
    return task(id, name(id), { thread: `pool-${(id % 4) + 1}`, queued: 2, started, done: started + 18 });
  });
  return timeline({ tasks, duration: 40 + Math.ceil(count / 4) * 19 });
}
