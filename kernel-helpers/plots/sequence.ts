import type { TimelineData, TimelineItem, TimelineTask } from "../timing";
import { callsOf } from "./arrows";
import { Chart } from "./chart";
import { laneName } from "./lane-axes";
import { byName, loopLane } from "./lanes";
import { round } from "./numbers";
import type { VegaLiteSpec } from "./spec";
import { ink, palette } from "./theme";
import { count, words } from "./words";

export interface SequenceOptions {
  /** The title of the chart. @default "Who called whom" */
  title?: string;
  /** Also each task: from the loop, where it was submitted, to its thread, and its result back; for a portal's calls. */
  tasks?: boolean;
}

const mostCalls = 40;
const lineHeight = 22;

/**
 * A sequence diagram drawn from a recording: the event loop and the threads as lifelines, time downwards in order and
 * not to scale, an arrow for each call from a thread to the loop and, dashed, for its answer, with
 * the ms at which it happened; of a traced recording also one for each item of a queue, from the thread that put it to
 * the one that took it. Of more than 40 calls and items the first ones are drawn, and the subtitle says so.
 */
export function sequenceChart(timeline: TimelineData, options: SequenceOptions = {}): Chart {
  const say = words();
  const calls = callsOf(timeline.tasks);
  const items = (timeline.items ?? []).filter(({ from, to }) => to !== null && from !== to);
  const byId = new Map(timeline.tasks.map((task) => [task.id, task]));
  const tasks = options.tasks
    ? timeline.tasks.filter(({ thread }) => thread !== null && thread !== loopLane)
    : [];
  const all = [
    ...tasks.map(messagesOfTask),
    ...calls.map((call) => messagesOf(call, byId)),
    ...items.map(messageOfItem),
  ].sort(byTime);
  const messages = all
    .slice(0, mostCalls)
    .flat()
    .sort((a, b) => a.time - b.time);
  const threads = [...new Set(messages.flatMap(({ from, to }) => [from, to]))].filter(
    (name) => name !== loopLane,
  );
  const lifelines = [loopLane, ...threads.sort(byName)];
  const at = (name: string) => lifelines.indexOf(name);
  const text = {
    title: options.title ?? say.sequence,
    ...(all.length > mostCalls && { subtitle: say.firstOf(mostCalls, all.length) }),
    description: say.sequenceOf(
      count(calls.length, "call"),
      count(threads.length, "thread"),
      items.length > 0 ? count(items.length, "queueItem") : "",
    ),
    text: () => messages.map(inWords).join("\n"),
  };
  const height = (messages.length + 1) * lineHeight;
  return new Chart(text, {
    height,
    datasets: {
      lifelines: lifelines.map((name, index) => ({ x: index, name: laneName(name) })),
      messages: messages.map(({ from, to, label, time, kind }, index) => ({
        from: at(from),
        to: at(to),
        // Beside its sender, where no lifeline runs through it.
        labelled: at(from) + Math.sign(at(to) - at(from)) / 2,
        y: index + 1,
        label,
        time: `${round(time)} ${say.ms}`,
        kind,
        right: at(to) > at(from),
      })),
    },
    encoding: {
      x: { type: "quantitative", axis: null, scale: { domain: [-0.5, lifelines.length - 0.5], nice: false } },
      y: { type: "quantitative", axis: null, scale: { domain: [messages.length + 1, 0], nice: false } },
    },
    layer: layers(),
    usermeta: { lifelines },
  });
}

interface Message {
  from: string;
  to: string;
  label: string;
  time: number;
  kind: "call" | "answer" | "item";
}

const byTime = ([a]: Message[], [b]: Message[]): number => (a?.time ?? 0) - (b?.time ?? 0);

/** The call and, where its thread waits for one, the answer. */
function messagesOf(call: TimelineTask, byId: Map<number, TimelineTask>): Message[] {
  const caller = byId.get(call.caller!);
  const thread = caller?.thread;
  if (!caller || !thread) return [];
  const { name: label, done, soon } = call;
  const time = call.queued ?? call.started ?? 0;
  const made: Message = { from: thread, to: loopLane, label, time, kind: "call" };
  const waits =
    !soon && done !== null && caller.blocked.some(({ start, end }) => start <= done && (end ?? done) >= done);
  return waits ? [made, { from: loopLane, to: thread, label, time: done, kind: "answer" }] : [made];
}

function messagesOfTask({ name: label, thread, queued, started, done }: TimelineTask): Message[] {
  const sent: Message = { from: loopLane, to: thread!, label, time: queued ?? started ?? 0, kind: "call" };
  return done === null ? [sent] : [sent, { from: thread!, to: loopLane, label, time: done, kind: "answer" }];
}

function messageOfItem({ from, to, taken }: TimelineItem, index: number): Message[] {
  return [{ from, to: to!, label: words().item(index + 1), time: taken!, kind: "item" }];
}

function inWords({ from, to, label, time, kind }: Message): string {
  return `${String(round(time)).padStart(8)}  ${laneName(from)} ${kind === "answer" ? "╌╌▶" : "──▶"} ${laneName(to)}  ${label}`;
}

function layers(): VegaLiteSpec[] {
  const { fields } = words();
  const tooltip = [
    { field: "label", title: fields.call },
    { field: "time", title: fields.time },
  ];
  const head = (right: boolean) => ({
    data: { name: "messages" },
    transform: [{ filter: `datum.right == ${right}` }],
    mark: {
      type: "point",
      shape: right ? "triangle-right" : "triangle-left",
      filled: true,
      size: 60,
      opacity: 1,
      color: palette[0],
      xOffset: right ? -4 : 4,
    },
    encoding: { x: { field: "to" }, y: { field: "y" }, tooltip },
  });
  return [
    {
      data: { name: "lifelines" },
      mark: { type: "rule", color: ink, opacity: 0.4 },
      encoding: { x: { field: "x" }, y: { value: 0 }, y2: { value: "height" } },
    },
    {
      data: { name: "lifelines" },
      mark: { type: "text", baseline: "bottom", dy: -4, fontWeight: 600, color: ink, fontSize: 12 },
      encoding: { x: { field: "x" }, y: { value: 0 }, text: { field: "name" } },
    },
    {
      data: { name: "messages" },
      mark: { type: "rule", strokeWidth: 1.6, color: palette[0] },
      encoding: {
        x: { field: "from" },
        x2: { field: "to" },
        y: { field: "y" },
        strokeDash: { condition: { test: "datum.kind == 'answer'", value: [4, 3] }, value: [1, 0] },
        tooltip,
      },
    },
    head(true),
    head(false),
    {
      data: { name: "messages" },
      transform: [{ filter: "datum.kind != 'answer'" }],
      mark: { type: "text", baseline: "bottom", dy: -2, color: ink, fontSize: 11 },
      encoding: { x: { field: "labelled" }, y: { field: "y" }, text: { field: "label" } },
    },
    {
      data: { name: "messages" },
      mark: { type: "text", align: "right", dx: -12, color: ink, fontSize: 10, opacity: 0.75 },
      encoding: { x: { datum: 0 }, y: { field: "y" }, text: { field: "time" } },
    },
  ];
}
