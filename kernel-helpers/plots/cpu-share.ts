import type { TimelineTask, TimelineTrace } from "../timing";
import { loopLane, type Segment } from "./lanes";

/**
 * Adds to what runs on threads which part of it had a core, by the CPU time of its task: the rest of the time its thread
 * waited, for a core or for the system. Tasks that share their thread have theirs together, so none is told of them.
 */
export function withShares(
  segments: Segment[],
  tasks: TimelineTask[],
  duration: number,
  trace: TimelineTrace | undefined,
): Segment[] {
  if (!trace) return segments;
  const known = new Set(
    alone(tasks, duration)
      .filter(({ id }) => trace.cpu.has(id))
      .map(({ id }) => id),
  );
  const isKnown = ({ lane, state, follow }: Segment) =>
    lane !== loopLane && state === "running" && follow !== undefined && known.has(follow);
  const ran = new Map<number, number>();
  for (const segment of segments.filter(isKnown))
    ran.set(segment.follow!, (ran.get(segment.follow!) ?? 0) + segment.end - segment.start);
  return segments.map((segment) => {
    const ms = isKnown(segment) ? ran.get(segment.follow!)! : 0;
    return ms > 0 ? { ...segment, share: Math.min(1, trace.cpu.get(segment.follow!)! / ms) } : segment;
  });
}

/** Those that had their threads to themselves. */
function alone(tasks: TimelineTask[], duration: number): TimelineTask[] {
  const last = new Map<string, { task: TimelineTask; end: number }>();
  const crowded = new Set<TimelineTask>();
  const ran = tasks.filter(({ thread, started }) => thread !== null && started !== null);
  for (const task of ran.sort((a, b) => a.started! - b.started!)) {
    const before = last.get(task.thread!);
    const end = task.done ?? duration;
    if (before && before.end > task.started!) crowded.add(task).add(before.task);
    if (!before || end > before.end) last.set(task.thread!, { task, end });
  }
  return ran.filter((task) => !crowded.has(task));
}

/** Over all of these: which part had a core; and the one that waited longest. */
export function sharesOf(segments: Segment[]): { share: number; least: Segment } | undefined {
  const known = segments.filter(({ share }) => share !== undefined);
  if (known.length === 0) return undefined;
  const msOf = ({ start, end }: Segment) => end - start;
  const waited = (segment: Segment) => (1 - segment.share!) * msOf(segment);
  const all = known.reduce((sum, segment) => sum + msOf(segment), 0);
  const idle = known.reduce((sum, segment) => sum + waited(segment), 0);
  const least = known.reduce((most, segment) => (waited(segment) > waited(most) ? segment : most));
  return { share: 1 - idle / (all || 1), least };
}
