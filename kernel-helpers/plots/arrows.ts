import type { TimelineItem, TimelineTask } from "../timing";
import { Bar } from "./bars";
import { loopLane } from "./lanes";
import { Layout } from "./layout";
import { round } from "./numbers";
import { words } from "./words";

/** An arrow between a thread's lane and the loop's: a call on its way there, or its answer on the way back. */
export interface Arrow {
  call: string;
  kind: "call" | "answer" | "start" | "item";
  start: number;
  end: number;
  from: number;
  to: number;
  follow: number;
}

/** More than these would hide what they connect. */
const mostArrows = 80;

/** The calls of threads to the loop; none where there are too many to draw. */
export function callsOf(tasks: TimelineTask[]): TimelineTask[] {
  return tasks.filter(({ caller, thread }) => caller !== undefined && thread === loopLane);
}

/** What is drawn where it is asked for: the way of each task to its thread, and of each item through its queue. */
export function messageArrows(tasks: TimelineTask[], items: TimelineItem[], layout: Layout): Arrow[] {
  const arrows = [...startsOf(tasks, layout), ...itemArrows(items, layout)];
  return arrows.length > mostArrows ? [] : arrows;
}

function itemArrows(items: TimelineItem[], { lanes }: Layout): Arrow[] {
  const middleOf = (thread: string | null) => {
    const lane = lanes.find((each) => each.lane === thread);
    return lane && round((lane.top + lane.bottom) / 2, 0.001);
  };
  return items.flatMap(({ from: putter, put, to: taker, taken }, index) => {
    const [from, to] = [middleOf(putter), middleOf(taker)];
    if (from === undefined || to === undefined || taken === null) return [];
    const call = words().item(index + 1);
    return [{ call, kind: "item" as const, start: round(put), end: round(taken), from, to, follow: 0 }];
  });
}

/** From the loop, where a task was submitted, to its start on a thread. */
function startsOf(tasks: TimelineTask[], { lanes, loopBars }: Layout): Arrow[] {
  return tasks.flatMap(({ id, name, thread, queued, started }) => {
    const lane = thread === loopLane ? undefined : lanes.find((each) => each.lane === thread);
    if (!lane || queued === null || started === null) return [];
    const [start, end, to] = [round(queued), round(started), round(lane.top + 0.15, 0.001)];
    return [{ call: name, kind: "start" as const, start, end, from: loopBars.bottom, to, follow: id }];
  });
}

export function arrowsOf(tasks: TimelineTask[], bars: Bar[], { lanes }: Layout): Arrow[] {
  const calls = callsOf(tasks);
  if (calls.length === 0 || calls.length > mostArrows) return [];
  const byId = new Map(tasks.map((task) => [task.id, task]));
  return calls.flatMap((call) => {
    const caller = byId.get(call.caller!);
    const lane = lanes.find((each) => each.lane === caller?.thread);
    const bar = bars.find((each) => isBarOf(each, call));
    if (!caller || !lane || !bar || call.queued === null) return [];
    const thread = round(lane.top + 0.15, 0.001);
    const common = { call: call.name, follow: caller.id };
    const there = {
      ...common,
      kind: "call" as const,
      start: round(call.queued),
      end: round(call.started ?? call.queued),
      from: thread,
      to: bar.bottom,
    };
    // An answer goes to who waits for it; a note that was left is not answered.
    const waits = caller.blocked.find(
      ({ start, end }) =>
        !call.soon && call.done !== null && start <= call.done && (end === null || end >= call.done),
    );
    if (!waits) return [there];
    const at = round(call.done!);
    return [there, { ...common, kind: "answer" as const, start: at, end: at, from: bar.bottom, to: thread }];
  });
}

function isBarOf(bar: Bar, call: TimelineTask): boolean {
  return (
    bar.lane === loopLane &&
    bar.follow === call.caller &&
    bar.task === call.name &&
    round(call.started ?? 0) === bar.start
  );
}
