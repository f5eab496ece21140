/**
 * The Debug Adapter Protocol for the threads of the kernel, in the thread of the sockets, which goes on while any other
 * is stopped. Jupyter's part of it (`debugInfo`, `dumpCell`, `inspectVariables`) is described in its messaging
 * documentation, the rest at https://microsoft.github.io/debug-adapter-protocol/specification. Without a client that
 * has attached there is no session with the inspector, and nothing costs anything.
 */

import { readFileSync } from "node:fs";
import { attachWorkers, MainThreadSession, type Params, type WorkerSession } from "../../inspector";
import type { CompiledScript } from "../compiler/protocol";
import { type BreakpointRequest, Breakpoints } from "./breakpoints";
import {
  DebuggedThread,
  type ExceptionFilter,
  type Frame,
  type Location,
  type Pause,
  type Step,
} from "./debugged-thread";
import { asExpression, namesIn, variablesHere, withNames } from "./names";
import { textOf, typeOf } from "./remote-values";
import { hashSeed, pathOfUrl, Scripts, tmpFilePrefix, tmpFileSuffix } from "./scripts";
import { Variables } from "./variables";

export interface Host {
  /** Sends a `debug_event`. */
  event(name: string, body: object): void;
  /** Where the code of a source that has not run can be stopped: lines from 1; undefined if nobody knows. */
  breakpointLines(code: string): Promise<number[] | undefined>;
  /** Whether cells tell of their scripts before they run. */
  setDebugged(isDebugged: boolean): void;
}

/** The event loop's thread, as front ends count. */
const loopId = 1;

const capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsSetVariable: true,
  supportsEvaluateForHovers: true,
  supportsExceptionInfoRequest: true,
  supportsDelayedStackTraceLoading: true,
  exceptionBreakpointFilters: [
    { filter: "all", label: "All exceptions", default: false },
    { filter: "uncaught", label: "Exceptions that leave the cell or the task", default: false },
  ],
};

/** Threads of the kernel's own, by the script that they were started with. */
const isKernels = ({ url }: WorkerSession) => /\/kernel-helpers\/dist\/(kernel|timing)\//.test(url);

/** The names that threads give themselves. */
const askName = 'process.getBuiltinModule?.("node:worker_threads").threadName';
/** How long an expression may take, in ms. */
const evaluateMs = 10_000;
/** How long a thread has to say its name. */
const nameMs = 50;
/** How long a thread that goes on has to stop again before another one that is stopped is shown. */
const settleMs = 100;

/** Reads all scripts that there are already. */
const askScripts = `JSON.stringify([...globalThis[Symbol.for("kernel-helpers.cells")]].map(([name, { compiled }]) => ({ ...compiled, name })))`;

/** A thread that has ended needs no answer. */
const ignoreEnd = () => undefined;

type Arguments = Params;

export class Debugger {
  readonly #scripts = new Scripts();
  readonly #variables = new Variables();
  readonly #breakpoints = new Breakpoints(
    this.#scripts,
    (code) => this.host.breakpointLines(code),
    (breakpoint) => this.host.event("breakpoint", { reason: "changed", breakpoint }),
  );
  readonly #threads = new Map<number, DebuggedThread>();
  readonly #frames = new Map<number, { thread: DebuggedThread; frame: Frame }>();
  #session: MainThreadSession | undefined;
  #filter: ExceptionFilter = "none";
  /** Threads that are stopped, the one that front ends show last. */
  #stopped: DebuggedThread[] = [];
  #clientId = "";
  #areTasksAwaited = false;
  #lastFrame = 0;

  constructor(private readonly host: Host) {}

  /** Answers a `debug_request`, always. */
  async answer({ seq = 0, command = "", arguments: args = {} }: Params): Promise<object> {
    const response = { type: "response", seq: 0, request_seq: seq, command };
    try {
      const handle = this.#requests.get(command);
      if (!handle)
        throw new Error(`This kernel's debugger does not know the request ${JSON.stringify(command)}.`);
      return { ...response, success: true, body: (await handle(args ?? {})) ?? {} };
    } catch (error) {
      return { ...response, success: false, message: (error as Error).message, body: {} };
    }
  }

  readonly #requests = new Map<string, (args: Arguments) => unknown>(
    Object.entries({
      debugInfo: () => this.#info(),
      initialize: ({ clientID = "" }) => {
        this.#clientId = clientID;
        this.#variables.withTypes = clientID !== "jupyterlab";
        queueMicrotask(() => this.host.event("initialized", {}));
        return capabilities;
      },
      attach: () => this.#attach(),
      configurationDone: () => undefined,
      disconnect: () => this.stop(),
      dumpCell: ({ code }) => ({ sourcePath: this.#scripts.dump(String(code)) }),
      setBreakpoints: (args) => this.#setBreakpoints(args),
      setExceptionBreakpoints: ({ filters = [] }) => this.#setExceptions(filters),
      exceptionInfo: ({ threadId }) => this.#exceptionInfo(this.#stoppedThread(threadId)),
      threads: () => this.#listThreads(),
      stackTrace: (args) => this.#stackTrace(args),
      scopes: ({ frameId }) => {
        const { thread, frame } = this.#frame(frameId);
        return { scopes: this.#variables.scopesOf(thread, frame) };
      },
      variables: (args) => this.#children(args),
      setVariable: (args) => this.#setVariable(args),
      evaluate: (args) => this.#evaluateRequest(args),
      inspectVariables: () => this.#inspect(),
      richInspectVariables: (args) => this.#inspectRich(args),
      source: ({ source, sourceReference }) => this.#source(source?.path ?? String(sourceReference)),
      modules: () => this.#modules(),
      continue: async ({ threadId }) => {
        await this.#stoppedThread(threadId).resume();
        return { allThreadsContinued: false };
      },
      next: ({ threadId }) => this.#step(threadId, "stepOver"),
      stepIn: ({ threadId }) => this.#step(threadId, "stepInto"),
      stepOut: ({ threadId }) => this.#step(threadId, "stepOut"),
      pause: ({ threadId = loopId }) => this.#thread(threadId).askPause(),
    }),
  );

  // ---- Beginning and end ----

  #info(): object {
    return {
      isStarted: this.#session !== undefined,
      hashMethod: "Murmur2",
      hashSeed,
      tmpFilePrefix,
      tmpFileSuffix,
      breakpoints: this.#breakpoints.all(),
      stoppedThreads: this.#stopped.map(({ id }) => id),
      richRendering: true,
      exceptionPaths: [],
      copyToGlobals: false,
    };
  }

  async #attach(): Promise<void> {
    if (this.#session) return;
    const session = new MainThreadSession();
    this.#session = session;
    // From here on cells wait until their breakpoints are set.
    this.host.setDebugged(true);
    try {
      const { result } = await session.post("Runtime.evaluate", {
        expression: askScripts,
        returnByValue: true,
      });
      for (const compiled of JSON.parse(result.value) as CompiledScript[]) this.#scripts.add(compiled);
      await this.#add(new DebuggedThread(session, loopId, "event loop", this.#scripts, this));
      await attachWorkers(session, { attached: this.#attached, detached: this.#detached }, true);
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  async #add(thread: DebuggedThread): Promise<void> {
    this.#threads.set(thread.id, thread);
    const enabled = thread.enable(this.#filter);
    this.#breakpoints.addThread(thread);
    await enabled;
  }

  readonly #attached = (worker: WorkerSession, isWaiting: boolean) => {
    const isOurs = isKernels(worker);
    if (!isOurs) {
      const thread = new DebuggedThread(worker, worker.id + 1, worker.name, this.#scripts, this);
      this.#add(thread).catch(ignoreEnd);
      if (this.#areTasksAwaited) thread.awaitTask();
      this.host.event("thread", { reason: "started", threadId: thread.id });
    }
    if (isWaiting) worker.post("Runtime.runIfWaitingForDebugger").catch(ignoreEnd);
    if (isOurs) worker.close();
  };

  readonly #detached = ({ id }: WorkerSession) => {
    const thread = this.#threads.get(id + 1);
    if (!thread) return;
    this.#threads.delete(thread.id);
    this.#breakpoints.removeThread(thread);
    thread.ended();
    if (thread.pause) this.continued(thread);
    this.host.event("thread", { reason: "exited", threadId: thread.id });
  };

  /** Ends the session: every thread goes on, without breakpoints. */
  stop(): void {
    const session = this.#session;
    if (!session) return;
    this.#session = undefined;
    this.host.setDebugged(false);
    const stopped = this.#stopped.splice(0);
    // Not by the end of the session: one thread's would wait for the other's.
    for (const thread of stopped) thread.resume().catch(ignoreEnd);
    for (const thread of this.#threads.values()) {
      thread.ended();
      this.#breakpoints.removeThread(thread);
    }
    this.#threads.clear();
    this.#frames.clear();
    session.close();
    for (const { id } of stopped) this.host.event("continued", { threadId: id, allThreadsContinued: true });
  }

  /** Lets every thread go on; the code that the event loop was stopped in ends there, as by an interrupt. */
  async interrupt(): Promise<void> {
    for (const thread of [...this.#stopped]) await thread.resume(thread.id === loopId).catch(ignoreEnd);
  }

  // ---- Scripts and breakpoints ----

  /** Cells have been compiled and are about to run. */
  async prepare(compiled: CompiledScript[]): Promise<void> {
    if (!this.#session) return;
    // A step that ended with its cell leads nowhere any more.
    this.#awaitTasks(false);
    const loop = this.#threads.get(loopId);
    for (const each of compiled) {
      const script = this.#scripts.add(each);
      if (loop) await this.#breakpoints.addScript(script, loop);
    }
  }

  async #setBreakpoints({ source, breakpoints, lines }: Arguments): Promise<object> {
    const path: unknown = source?.path;
    if (typeof path !== "string") throw new Error("setBreakpoints needs the path of a source.");
    const requested: BreakpointRequest[] = breakpoints ?? (lines ?? []).map((line: number) => ({ line }));
    return { breakpoints: await this.#breakpoints.set(path, requested) };
  }

  async #setExceptions(asked: string[] | null): Promise<object> {
    const filters = asked ?? [];
    this.#filter = filters.includes("all") ? "all" : filters.includes("uncaught") ? "uncaught" : "none";
    for (const thread of this.#threads.values()) thread.setExceptions(this.#filter).catch(ignoreEnd);
    return {
      breakpoints: filters.map((filter) => ({ verified: filter === "all" || filter === "uncaught" })),
    };
  }

  // ---- Threads ----

  #thread(id: number): DebuggedThread {
    const thread = this.#threads.get(id);
    if (!thread)
      throw new Error(this.#session ? `There is no thread ${id}.` : "The debugger is not attached.");
    return thread;
  }

  /** JupyterLab asks for thread 1 when it goes on, whichever it shows: the one that was announced last is meant. */
  #stoppedThread(id: number): DebuggedThread {
    const shown = this.#stopped.at(-1);
    const thread = this.#clientId === "jupyterlab" && shown ? shown : this.#thread(id);
    if (!thread.pause) throw new Error(`${thread.name} is not stopped.`);
    return thread;
  }

  async #listThreads(): Promise<object> {
    const threads = [...this.#threads.values()];
    await Promise.all(threads.map((thread) => this.#learnName(thread)));
    return { threads: threads.map(({ id, name }) => ({ id, name })) };
  }

  /** A pool names its threads when they have started; one that blocks does not answer. */
  async #learnName(thread: DebuggedThread): Promise<void> {
    if (thread.id === loopId) return;
    const asked = thread.session.post("Runtime.evaluate", { expression: askName, returnByValue: true });
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, nameMs, undefined));
    const answer = await Promise.race([asked.catch(() => undefined), late]);
    if (answer?.result.value) thread.name = answer.result.value;
  }

  async #step(threadId: number, kind: Step): Promise<void> {
    const thread = this.#stoppedThread(threadId);
    // A call of `toThread` leads into the function that travels.
    if (thread.id === loopId && kind === "stepInto") this.#awaitTasks(true);
    await thread.step(kind);
  }

  /** While the loop steps into a statement, the first task that a thread begins is where it leads. */
  #awaitTasks(is: boolean) {
    this.#areTasksAwaited = is;
    for (const thread of this.#threads.values()) {
      if (thread.id === loopId) continue;
      if (is) thread.awaitTask();
      else thread.letTasksBegin();
    }
  }

  entered(): void {
    this.#awaitTasks(false);
  }

  resolved(asked: Location, line: number, column: number): void {
    const script = this.#scripts.byUrl(asked.url);
    if (script) this.#breakpoints.resolved(script, asked, line, column);
  }

  isAt(location: Location, line: number): boolean {
    return this.#breakpoints.isAt(location, line);
  }

  async stopped(thread: DebuggedThread, pause: Pause): Promise<void> {
    if (thread.id === loopId) this.#awaitTasks(false);
    this.#stopped = [...this.#stopped.filter((each) => each !== thread), thread];
    await this.#learnName(thread);
    if (thread.pause === pause) this.#announce(thread);
  }

  #announce(thread: DebuggedThread) {
    const { reason, thrown, hit } = thread.pause!;
    this.host.event("stopped", {
      reason,
      threadId: thread.id,
      allThreadsStopped: false,
      ...(thrown && { text: textOf(thrown), description: "Stopped on an exception" }),
      hitBreakpointIds: hit,
    });
  }

  continued(thread: DebuggedThread): void {
    this.#stopped = this.#stopped.filter((each) => each !== thread);
    this.#variables.forget(thread);
    for (const [id, { thread: of }] of this.#frames) if (of === thread) this.#frames.delete(id);
    this.host.event("continued", { threadId: thread.id, allThreadsContinued: false });
    // A front end that shows one thread at a time would leave the others stopped for ever.
    if (this.#stopped.length > 0) setTimeout(() => this.#showOther(thread), settleMs);
  }

  #showOther(after: DebuggedThread) {
    const other = this.#stopped.at(-1);
    if (other && !after.pause) this.#announce(other);
  }

  // ---- What a stopped thread shows ----

  #stackTrace({ threadId, startFrame = 0, levels = 0 }: Arguments): object {
    const thread = this.#thread(threadId);
    const frames = thread.pause?.frames ?? [];
    const shown = frames.slice(startFrame, levels > 0 ? startFrame + levels : undefined).map((frame) => {
      const id = ++this.#lastFrame;
      this.#frames.set(id, { thread, frame });
      const { name, script, url, line, column } = frame;
      const path = script?.path ?? pathOfUrl(url);
      const source = { name: script?.label ?? path.split(/[\\/]/).at(-1), path, sourceReference: 0 };
      // JupyterLab has no list of threads.
      const where = this.#clientId === "jupyterlab" && thread.id !== loopId ? ` · ${thread.name}` : "";
      return { id, name: `${name}${where}`, source, line, column };
    });
    return { stackFrames: shown, totalFrames: frames.length };
  }

  #frame(id: number): { thread: DebuggedThread; frame: Frame } {
    const found = this.#frames.get(id);
    if (!found) throw new Error(`There is no frame ${id}: its thread has gone on.`);
    return found;
  }

  async #children({ variablesReference, filter, start, count }: Arguments): Promise<object> {
    const container = this.#variables.get(variablesReference);
    if (!container) throw new Error(`There is no variable ${variablesReference}: its thread has gone on.`);
    return { variables: await container.children({ filter, start, count }) };
  }

  async #setVariable({ variablesReference, name, value, frameId }: Arguments): Promise<object> {
    const container = this.#variables.get(variablesReference);
    if (!container) throw new Error(`There is no variable ${variablesReference}: its thread has gone on.`);
    const { thread } = container;
    const found = [...this.#frames.values()].findLast((each) => each.thread === thread);
    const frame = frameId === undefined ? found?.frame : this.#frame(frameId).frame;
    if (String(value).trim() === "") throw new Error(`${name} needs a value: an expression in JavaScript.`);
    const remote = await this.#evaluate(thread, frame, String(value));
    const { objectId, unserializableValue } = remote;
    await container.set(
      name,
      objectId ? { objectId } : unserializableValue ? { unserializableValue } : { value: remote.value },
    );
    const { variablesReference: reference, ...shown } = this.#variables.variable(thread, name, remote);
    return { value: shown.value, type: shown.type, variablesReference: reference };
  }

  /** The value of an expression in a frame, or among what the cells have made. Throws what it throws. */
  async #evaluate(thread: DebuggedThread, frame: Frame | undefined, expression: string): Promise<Params> {
    const { session } = thread;
    // While it evaluates, the thread hears nothing else: neither an interrupt nor the next request.
    const options = { generatePreview: true, silent: true, timeout: evaluateMs };
    const run = (text: string) =>
      frame
        ? session.post("Debugger.evaluateOnCallFrame", {
            ...options,
            callFrameId: frame.callFrameId,
            expression: text,
          })
        : session.post("Runtime.evaluate", { ...options, expression: text });
    const running = run(await this.#resolved(asExpression(expression), run));
    const { result, exceptionDetails } = await running.catch((error: Error) => {
      if (!/terminated/.test(error.message)) throw error;
      throw new Error(`The expression was stopped: it may take ${evaluateMs / 1000} s.`);
    });
    if (exceptionDetails) throw new Error(textOf(exceptionDetails.exception ?? { type: "undefined" }));
    return result;
  }

  /** The expression with the names of earlier cells as what they are where nothing nearer has these names. */
  async #resolved(expression: string, run: (text: string) => Promise<Params>): Promise<string> {
    const names = namesIn(expression);
    if (names.length === 0) return expression;
    const unknown = names.map(
      (name) =>
        `(() => { try { ${name}; return false } catch (e) { return e instanceof ReferenceError && /not defined/.test(e.message) && "${name}" in ${variablesHere} } })()`,
    );
    const { result } = await run(`JSON.stringify([${unknown.join(", ")}])`);
    const answers: boolean[] = result.value ? JSON.parse(result.value) : [];
    const ofCells = new Set(names.filter((_, index) => answers[index]));
    return withNames(expression, ({ name }) => (ofCells.has(name) ? `${variablesHere}.${name}` : undefined));
  }

  async #evaluateRequest({ expression, frameId }: Arguments): Promise<object> {
    const { thread, frame } =
      frameId === undefined ? { thread: this.#thread(loopId), frame: undefined } : this.#frame(frameId);
    const remote = await this.#evaluate(thread, frame, String(expression));
    const { value, ...variable } = this.#variables.variable(thread, "", remote, String(expression));
    const { type, variablesReference, indexedVariables, namedVariables } = variable;
    return { result: value, type, variablesReference, indexedVariables, namedVariables };
  }

  async #inspect(): Promise<object> {
    const loop = this.#threads.get(loopId);
    return { variables: loop ? await this.#variables.ofCells(loop) : [] };
  }

  async #inspectRich({ variableName, frameId }: Arguments): Promise<object> {
    const { thread, frame } =
      frameId === undefined ? { thread: this.#thread(loopId), frame: undefined } : this.#frame(frameId);
    const remote = await this.#evaluate(thread, frame, String(variableName));
    const text = remote.objectId ? await this.#written(thread, remote.objectId) : undefined;
    return { data: { "text/plain": text ?? textOf(remote) }, metadata: {} };
  }

  /** As a cell would show the value. */
  async #written(thread: DebuggedThread, objectId: string): Promise<string | undefined> {
    const { result } = await thread.session.post("Runtime.callFunctionOn", {
      objectId,
      functionDeclaration: 'function () { return process.getBuiltinModule?.("node:util").inspect(this) }',
      returnByValue: true,
      silent: true,
    });
    return typeof result.value === "string" ? result.value : undefined;
  }

  #exceptionInfo(thread: DebuggedThread): object {
    const thrown = thread.pause!.thrown;
    if (!thrown) throw new Error(`${thread.name} is not stopped on an exception.`);
    const details = { message: textOf(thrown), typeName: typeOf(thrown), stackTrace: thrown.description };
    return { exceptionId: typeOf(thrown), description: textOf(thrown), breakMode: "always", details };
  }

  #source(path: string): object {
    const content = this.#scripts.sourceOf(path) ?? readFileSync(path, "utf8");
    return { content, mimeType: /\.[cm]?js$/.test(path) ? "text/javascript" : "text/typescript" };
  }

  /** The reader's files that cells have imported. */
  #modules(): object {
    const modules = this.#scripts.files.map(({ label, path }) => ({ id: path, name: label, path }));
    return { modules, totalModules: modules.length };
  }
}
