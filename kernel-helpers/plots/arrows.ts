import type { TimelineTask } from "../timing";
import { Bar } from "./bars";
import { loopLane } from "./lanes";
import { Layout } from "./layout";
import { round } from "./numbers";

/** An arrow between a thread's lane and the loop's: a call on its way there, or its answer on the way back. */
export interface Arrow {
  call: string;
  kind: "call" | "answer" | "start";
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

export function arrowsOf(tasks: TimelineTask[], bars: Bar[], layout: Layout, submissions = false): Arrow[] {
  const starts = submissions ? startsOf(tasks, layout) : [];
  return [...(starts.length > mostArrows ? [] : starts), ...callArrows(tasks, bars, layout)];
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

function callArrows(tasks: TimelineTask[], bars: Bar[], { lanes }: Layout): Arrow[] {
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
      ({ start, end }) => call.done !== null && start <= call.done && (end === null || end >= call.done),
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
