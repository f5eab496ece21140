/** One thread under the debugger: its pause and its steps. */

import { type InspectorSession, type Params, pauseClock } from "../../inspector";
import { isCaught } from "./exceptions";
import { type Frame, Frames, internals } from "./frames";
import type { Scripts } from "./scripts";
import { type Location, ThreadBreakpoints } from "./thread-breakpoints";

export type Step = "stepInto" | "stepOver" | "stepOut";
export type ExceptionFilter = "all" | "uncaught" | "none";

export interface Pause {
  reason: "breakpoint" | "exception" | "step" | "pause";
  frames: Frame[];
  /** The breakpoints that were hit. */
  hit: number[];
  /** What was thrown, as the inspector describes it. */
  thrown: Params | undefined;
}

export interface Watcher {
  stopped(thread: DebuggedThread, pause: Pause): void;
  continued(thread: DebuggedThread): void;
  /** A thread has begun the task that was awaited. */
  entered(): void;
}

/** What a cell's breakpoints are in each thread. */
export interface Placement {
  /** The event loop's thread has put a breakpoint there. */
  resolved(asked: Location, line: number, column: number): void;
  /** Whether a stop in a line is one at that location. */
  isAt(location: Location, line: number): boolean;
}

/** The names that threads give themselves. */
const askName = 'process.getBuiltinModule?.("node:worker_threads").threadName';
/** How long a thread has to say its name. */
const nameMs = 50;
/** How often a step goes on through code that the compiler has added. */
const addedSteps = 50;

export class DebuggedThread {
  pause: Pause | undefined;
  readonly breakpoints: ThreadBreakpoints;
  readonly #frames: Frames;
  #filter: ExceptionFilter = "none";
  /** The step under way, where it began, and how often it went on by itself. */
  #step: { kind: Step; from: Frame | undefined; depth: number; repeated: number } | undefined;
  #isPauseAsked = false;

  constructor(
    readonly session: InspectorSession,
    /** As front ends count threads: 1 for the event loop. */
    readonly id: number,
    public name: string,
    scripts: Scripts,
    private readonly watcher: Watcher,
    private readonly placement: Placement,
  ) {
    this.#frames = new Frames(session, scripts, id === 1);
    this.breakpoints = new ThreadBreakpoints(session, (asked, line, column) => {
      // Of a function that came to another thread, the script is only a part.
      if (id === 1) placement.resolved(asked, line, column);
    });
  }

  /** A thread takes its commands in order; one that blocks takes them when it goes on, so that nobody should wait. */
  async enable(filter: ExceptionFilter): Promise<void> {
    const { session } = this;
    session.on("Debugger.paused", (params) => this.#paused(params));
    session.on("Debugger.resumed", () => this.#resumed());
    await Promise.all([
      session.post("Debugger.enable"),
      session.post("Debugger.setBlackboxPatterns", { patterns: internals }),
      this.setExceptions(filter),
    ]);
  }

  /** A pool names its threads when they have started; one that blocks does not answer. */
  async learnName(): Promise<void> {
    if (this.id === 1) return;
    const asked = this.session.post("Runtime.evaluate", { expression: askName, returnByValue: true });
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, nameMs, undefined));
    const answer = await Promise.race([asked.catch(() => undefined), late]);
    if (answer?.result.value) this.name = answer.result.value;
  }

  async setExceptions(filter: ExceptionFilter): Promise<void> {
    this.#filter = filter;
    await this.session.post("Debugger.setPauseOnExceptions", { state: filter === "none" ? "none" : "all" });
  }

  async askPause(): Promise<void> {
    this.#isPauseAsked = true;
    await this.session.post("Debugger.pause");
  }

  async resume(terminateOnResume = false): Promise<void> {
    this.#step = undefined;
    await this.#release("resume", { terminateOnResume });
  }

  /** Lets the thread go on; until then no timeout has run. */
  async #release(how: Step | "resume", params?: object): Promise<void> {
    this.ended();
    await this.session.post(`Debugger.${how}`, params);
  }

  /** Nothing holds the thread any more. */
  ended(): void {
    pauseClock()?.release(this.id - 1, this.pause !== undefined);
  }

  async step(kind: Step): Promise<void> {
    const frames = this.pause?.frames ?? [];
    this.#step = { kind, from: frames[0], depth: frames.length, repeated: 0 };
    await this.#release(kind);
  }

  #resumed() {
    if (!this.pause) return;
    this.pause = undefined;
    this.watcher.continued(this);
  }

  #paused({ callFrames, reason, data, hitBreakpoints = [] }: Params) {
    pauseClock()?.hold(this.id - 1);
    if (this.breakpoints.isEntry(hitBreakpoints)) return this.#enterTask();
    const [top, below] = callFrames;
    // Of a script that is only a part of a cell, the inspector takes the line that is nearest.
    const hit = this.breakpoints.hit(hitBreakpoints, (location) =>
      this.placement.isAt(location, top.location.lineNumber),
    );
    if (hitBreakpoints.length > 0 && hit.length === 0) return this.#goOn();
    const frames = this.#frames.readAll(callFrames);
    // Of a function that came to this thread, only the code around it runs: see `threads/closures/compile`.
    if (this.#frames.isFactory(below)) return this.#goOn();
    const isThrown = reason === "exception" || reason === "promiseRejection";
    const isHit = hit.length > 0;
    if (isThrown && !isHit && !this.#shows(frames)) return this.#goOn();
    if (!isThrown && !isHit && this.#step) {
      if (this.#isOnTheWay(top, frames)) return this.#stepAgain(top);
      if (this.#step.kind !== "stepInto" && frames[0]) return void this.#endStep(top, reason, frames, data);
    }
    this.#stop(reason, frames, hit, data);
  }

  /** A step over or out never ends where a function begins, unless it has left its code and the thread runs something else. */
  async #endStep(
    { functionLocation: start, location }: Params,
    reason: string,
    frames: Frame[],
    data: Params,
  ) {
    const isElsewhere = !this.#step!.from || frames[0]!.name !== this.#step!.from.name;
    if (isElsewhere && start) {
      const asked = {
        start,
        end: { ...location, columnNumber: location.columnNumber + 1 },
        restrictToFunction: true,
      };
      const answer = await this.session.post("Debugger.getPossibleBreakpoints", asked).catch(() => undefined);
      const first = answer?.locations[0];
      const isEntry =
        first?.lineNumber === location.lineNumber && first.columnNumber === location.columnNumber;
      if (isEntry) return void this.resume().catch(() => undefined);
    }
    this.#stop(reason, frames, [], data);
  }

  #stop(reason: string, frames: Frame[], hit: number[], data: Params) {
    const isThrown = reason === "exception" || reason === "promiseRejection";
    const isHit = hit.length > 0;
    if (frames.length === 0 || (!isThrown && !isHit && this.#isLeftOver(frames[0]!))) return this.#goOn();
    const stoppedBy = isThrown ? "exception" : isHit ? "breakpoint" : this.#otherReason();
    this.#step = undefined;
    this.#isPauseAsked = false;
    this.pause = { reason: stoppedBy, frames, hit, thrown: isThrown ? data : undefined };
    this.watcher.stopped(this, this.pause);
  }

  #enterTask() {
    this.watcher.entered();
    this.#step = { kind: "stepInto", from: undefined, depth: 0, repeated: 0 };
    this.#goOn();
  }

  /** V8 keeps a step that has left its code, also of a session before, for whatever the thread runs next. */
  #isLeftOver({ script, generated }: Frame): boolean {
    if (this.#step || this.#isPauseAsked) return false;
    return script !== undefined && !script.textAt(generated.line, generated.column).startsWith("debugger");
  }

  #otherReason() {
    if (this.#step) return "step";
    // What is left is a `debugger` statement.
    return this.#isPauseAsked ? "pause" : "breakpoint";
  }

  /** Goes on as if there had been no pause: a step that is under way as well. */
  #goOn() {
    this.#release(this.#step?.kind ?? "resume").catch(() => {
      // The thread has ended.
    });
  }

  #shows(frames: Frame[]): boolean {
    if (this.#filter === "all") return true;
    return !frames.some(
      ({ script, generated }) => script && isCaught(script, generated.line, generated.column),
    );
  }

  /** A step goes on where the compiler has added code, and within the statement that the reader sees as one. */
  #isOnTheWay(top: Params, frames: Frame[]): boolean {
    if (this.#step!.repeated >= addedSteps) return false;
    const { lineNumber, columnNumber = 0 } = top.location;
    const script = this.#frames.scriptOf(top);
    if (!script) return frames.length === 0 || this.#frames.isInternal(top);
    return script.isAdded(lineNumber, columnNumber) || this.#isFurtherInLine(frames);
  }

  /** V8 also stops at the end of a statement that returns; a loop within one line comes back to its beginning. */
  #isFurtherInLine([top, ...below]: Frame[]): boolean {
    const { kind, from, depth } = this.#step!;
    if (kind === "stepOut" || !top || !from || below.length + 1 !== depth) return false;
    const isSameLine = top.script === from.script && top.line === from.line;
    return (
      isSameLine && top.generated.line === from.generated.line && top.generated.column > from.generated.column
    );
  }

  #stepAgain(top: Params) {
    this.#step!.repeated++;
    // V8 steps into some constructors of Node's although they are internal.
    const kind = !this.#frames.scriptOf(top)
      ? "stepOut"
      : this.#step!.kind === "stepOut"
        ? "stepOver"
        : this.#step!.kind;
    this.#release(kind).catch(() => {
      // The thread has ended.
    });
  }
}
