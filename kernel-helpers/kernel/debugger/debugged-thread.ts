/** One thread under the debugger: its breakpoints, its pause, its steps. */

import { type InspectorSession, type Params, pauseClock } from "../../inspector";
import { isCaught } from "./exceptions";
import type { Script, Scripts } from "./scripts";
import { taskEntry } from "./task-entry";

export type Step = "stepInto" | "stepOver" | "stepOut";
export type ExceptionFilter = "all" | "uncaught" | "none";

/** A frame of the reader's code. */
export interface Frame {
  callFrameId: string;
  name: string;
  /** None for a file that is no cell and not imported by one. */
  script: Script | undefined;
  url: string;
  /** The reader's, from 1. */
  line: number;
  column: number;
  // As the inspector gives them.
  scopes: Params[];
  generated: { line: number; column: number };
}

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
  /** The event loop's thread has put a breakpoint there. */
  resolved(asked: Location, line: number, column: number): void;
  /** Whether a stop in a line is one at that location. */
  isAt(location: Location, line: number): boolean;
}

/** A breakpoint in a script, positions from 0. */
export interface Location {
  url: string;
  line: number;
  column: number;
  condition: string;
}

/** What a thread has of a breakpoint. */
interface Place extends Location {
  /** The front end's; none once it is taken away. */
  id: number | undefined;
  /** The inspector's. */
  name: string | undefined;
  /** When the thread has done all that was asked here. */
  settled: Promise<void>;
}

/** Names a location. */
export const keyOf = ({ url, line, column }: Location) => `${url}:${line}:${column}`;

/** Code that readers do not step into: Node's, packages, this one. */
const internals = ["^node:", "/node_modules/", "/kernel-helpers/dist/", "^evalmachine\\.", "^$"];
const isInternal = new RegExp(internals.join("|"));

/** How often a step goes on through code that the compiler has added. */
const addedSteps = 50;

export class DebuggedThread {
  pause: Pause | undefined;
  readonly #urls = new Map<string, string>();
  readonly #places = new Map<string, Place>();
  #filter: ExceptionFilter = "none";
  /** The step under way, where it began, and how often it went on by itself. */
  #step: { kind: Step; from: Frame | undefined; depth: number; repeated: number } | undefined;
  #isPauseAsked = false;
  /** The breakpoint where tasks begin, as the inspector names it. */
  #entry: Promise<string | undefined> | undefined;
  #entryName: string | undefined;

  constructor(
    readonly session: InspectorSession,
    /** As front ends count threads: 1 for the event loop. */
    readonly id: number,
    public name: string,
    private readonly scripts: Scripts,
    private readonly watcher: Watcher,
  ) {}

  /** A thread takes its commands in order; one that blocks takes them when it goes on, so that nobody should wait. */
  async enable(filter: ExceptionFilter): Promise<void> {
    const { session } = this;
    session.on("Debugger.scriptParsed", ({ scriptId, url }) => this.#urls.set(scriptId, url));
    session.on("Debugger.paused", (params) => this.#paused(params));
    session.on("Debugger.resumed", () => this.#resumed());
    session.on("Debugger.breakpointResolved", ({ breakpointId, location }) => {
      const place = [...this.#places.values()].find(({ name }) => name === breakpointId);
      if (place) this.#resolved(place, location);
    });
    await Promise.all([
      session.post("Debugger.enable"),
      session.post("Debugger.setBlackboxPatterns", { patterns: internals }),
      this.setExceptions(filter),
    ]);
  }

  async setExceptions(filter: ExceptionFilter): Promise<void> {
    this.#filter = filter;
    await this.session.post("Debugger.setPauseOnExceptions", { state: filter === "none" ? "none" : "all" });
  }

  /** Has a breakpoint at a location, of the front end's `id`; resolves when the thread has it. */
  place(location: Location, id: number): Promise<void> {
    const key = keyOf(location);
    const known = this.#places.get(key);
    if (!known) {
      const place: Place = { ...location, id, name: undefined, settled: Promise.resolve() };
      this.#places.set(key, place);
      place.settled = this.#set(place);
      return place.settled;
    }
    known.id = id;
    if (known.condition !== location.condition) {
      known.condition = location.condition;
      known.settled = known.settled.then(() => this.#unset(known)).then(() => this.#set(known));
    }
    return known.settled;
  }

  /** Has none there any more: at once for who stops there, in the thread when it takes commands. */
  remove(location: Location): void {
    const key = keyOf(location);
    const place = this.#places.get(key);
    if (!place) return;
    place.id = undefined;
    place.settled = place.settled.then(async () => {
      // Set again meanwhile.
      if (place.id !== undefined) return;
      this.#places.delete(key);
      await this.#unset(place);
    });
  }

  async #set(place: Place): Promise<void> {
    const { url, line, column, condition } = place;
    const where = { url, lineNumber: line, columnNumber: column, condition };
    // A thread that has ended has no breakpoints.
    const answer = await this.session.post("Debugger.setBreakpointByUrl", where).catch(() => undefined);
    place.name = answer?.breakpointId;
    if (answer?.locations[0]) this.#resolved(place, answer.locations[0]);
  }

  /** Of a function that came to another thread, the script is only a part. */
  #resolved(place: Place, { lineNumber, columnNumber = 0 }: Params): void {
    if (this.id === 1) this.watcher.resolved(place, lineNumber, columnNumber);
  }

  async #unset({ name }: Place): Promise<void> {
    if (name !== undefined)
      await this.session.post("Debugger.removeBreakpoint", { breakpointId: name }).catch(() => undefined);
  }

  /** Stops in the next task of the reader's that this thread begins. */
  awaitTask(): void {
    this.#entry ??= this.session
      .post("Debugger.setBreakpointByUrl", taskEntry())
      .then(({ breakpointId }) => (this.#entryName = breakpointId))
      .catch(() => undefined);
  }

  /** Does not any more. */
  letTasksBegin(): void {
    const set = this.#entry;
    this.#entry = this.#entryName = undefined;
    set
      ?.then(
        (breakpointId) => breakpointId && this.session.post("Debugger.removeBreakpoint", { breakpointId }),
      )
      .catch(() => undefined);
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
    if (this.#entryName !== undefined && hitBreakpoints.includes(this.#entryName)) return this.#enterTask();
    const { lineNumber } = callFrames[0].location;
    // Of a script that is only a part of a cell, the inspector takes the line that is nearest.
    const hit = [...this.#places.values()].flatMap((place) =>
      place.id !== undefined && hitBreakpoints.includes(place.name) && this.watcher.isAt(place, lineNumber)
        ? place.id
        : [],
    );
    if (hitBreakpoints.length > 0 && hit.length === 0) return this.#goOn();
    const frames = (callFrames as Params[]).flatMap((frame, index) => {
      return this.#isFactory(callFrames[index + 1]) ? [] : (this.#readFrame(frame) ?? []);
    });
    // Of a function that came to this thread, only the code around it runs: see `threads/closures/compile`.
    if (this.#isFactory(callFrames[1])) return this.#goOn();
    const isThrown = reason === "exception" || reason === "promiseRejection";
    const isHit = hit.length > 0;
    if (isThrown && !isHit && !this.#shows(frames)) return this.#goOn();
    if (!isThrown && !isHit && this.#step) {
      if (this.#isOnTheWay(callFrames[0], frames)) return this.#stepAgain(callFrames[0]);
      if (this.#step.kind !== "stepInto" && frames[0])
        return void this.#endStep(callFrames[0], reason, frames, data);
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

  /** Whether a frame is that of who makes functions from their texts: what it calls is no reader's. */
  #isFactory(below: Params | undefined): boolean {
    const url = below && this.#urls.get(below.location.scriptId);
    return url !== undefined && /\/kernel-helpers\/dist\/threads\/closures\//.test(url);
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
    const { scriptId, lineNumber, columnNumber = 0 } = top.location;
    const script = this.scripts.byUrl(this.#urls.get(scriptId) ?? "");
    if (!script) return frames.length === 0 || isInternal.test(this.#urls.get(scriptId) ?? "");
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
    const isWithin = !this.scripts.byUrl(this.#urls.get(top.location.scriptId) ?? "");
    const kind = isWithin ? "stepOut" : this.#step!.kind === "stepOut" ? "stepOver" : this.#step!.kind;
    this.#release(kind).catch(() => {
      // The thread has ended.
    });
  }

  #readFrame({ callFrameId, functionName, location, scopeChain }: Params): Frame | undefined {
    const url = this.#urls.get(location.scriptId) ?? "";
    const { lineNumber: line, columnNumber: column = 0 } = location;
    const script = this.scripts.byUrl(url);
    if (!script && isInternal.test(url)) return undefined;
    const origin = script ? script.originOf(line, column) : { line: line + 1, column: column + 1 };
    if (!origin) return undefined;
    // A function that came to a thread stands in no cell there.
    const isTop = this.id === 1 && !scopeChain.some(({ type }: Params) => type === "closure");
    const name = functionName || (script?.isCell && isTop ? script.label : "(anonymous)");
    return { callFrameId, name, script, url, ...origin, scopes: scopeChain, generated: { line, column } };
  }
}
