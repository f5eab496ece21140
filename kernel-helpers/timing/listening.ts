import { LoopBlock } from "./loop-monitor";
import { LoopProbe, Stretch } from "./loop-probe";
import { countTracing, now, stopRecording } from "./recorder";
import { type TimelineTrace, Tracer } from "./trace/tracer";

/** What a recording hears of the loop. It knows nothing of its timeline, so that one may be forgotten. */
export interface Listening {
  blocks: LoopBlock[];
  ticks: number[];
  /** The block that goes on, if any. */
  goingOn(): LoopBlock[];
  /** What the tracing saw; undefined before the end, and without one. */
  trace(): TimelineTrace | undefined;
  end(): void;
}

/** With `traced`, the ring whose threads are to leave their marks, it also has Node trace. */
export function listen(
  began: number,
  threshold: number,
  tickEvery: number | undefined,
  traced: SharedArrayBuffer | undefined,
): Listening {
  // First of all: its start takes the loop some ms, which no probe is to take for a block.
  const tracer = traced && new Tracer(began);
  if (traced) countTracing(traced, 1);
  let trace: TimelineTrace | undefined;
  const blocks: LoopBlock[] = [];
  const ticks: number[] = [];
  const blockOf = ({ start, duration }: Stretch) => ({ start: start - began, duration });
  const probe = new LoopProbe(
    threshold,
    (stretch) => blocks.push(blockOf(stretch)),
    () => tracer?.turn(),
  );
  const ticker =
    tickEvery === undefined ? undefined : setInterval(() => ticks.push(now() - began), tickEvery).unref();
  return {
    blocks,
    ticks,
    goingOn: () => probe.current().map(blockOf),
    trace: () => trace,
    end() {
      probe.stop();
      clearInterval(ticker);
      if (traced) countTracing(traced, -1);
      trace = tracer?.stop();
      stopRecording();
    },
  };
}
