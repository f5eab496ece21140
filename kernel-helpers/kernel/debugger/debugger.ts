/**
 * The Debug Adapter Protocol for the threads of the kernel, in the thread of the sockets, which goes on while any other
 * is stopped. Jupyter's part of it (`debugInfo`, `dumpCell`, `inspectVariables`) is described in its messaging
 * documentation, the rest at https://microsoft.github.io/debug-adapter-protocol/specification. Without a client that
 * has attached there is no session with the inspector, and nothing costs anything.
 */

import { attachWorkers, MainThreadSession, type Params, type WorkerSession } from "../../inspector";
import type { CompiledScript } from "../compiler/protocol";
import { type BreakpointRequest, Breakpoints } from "./breakpoints";
import { DebuggedThread, type ExceptionFilter, type Pause, type Step } from "./debugged-thread";
import { Inspection } from "./inspection";
import { hashSeed, Scripts, tmpFilePrefix, tmpFileSuffix } from "./scripts";
import { Stops } from "./stops";

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

/** Reads all scripts that there are already. */
const askScripts = `JSON.stringify([...globalThis[Symbol.for("kernel-helpers.cells")]].map(([name, { compiled }]) => ({ ...compiled, name })))`;

/** A thread that has ended needs no answer. */
const ignoreEnd = () => undefined;

type Arguments = Params;

export class Debugger {
  readonly #scripts = new Scripts();
  readonly #stops = new Stops((name, body) => this.host.event(name, body));
  readonly #inspection = new Inspection(() => this.#threads.get(loopId));
  readonly #breakpoints = new Breakpoints(
    this.#scripts,
    (code) => this.host.breakpointLines(code),
    (breakpoint) => this.host.event("breakpoint", { reason: "changed", breakpoint }),
  );
  readonly #threads = new Map<number, DebuggedThread>();
  #session: MainThreadSession | undefined;
  #filter: ExceptionFilter = "none";
  /** Its continue always names thread 1, and it shows one thread without a name. */
  #isJupyterLab = false;
  #areTasksAwaited = false;

  constructor(private readonly host: Host) {}

  /** Answers a `debug_request`, always. */
  async answer({ seq = 0, command = "", arguments: args = {} }: Params): Promise<object> {
    const response = { type: "response", seq: 0, request_seq: seq, command };
    try {
      const handle = Object.hasOwn(this.#requests, command) ? this.#requests[command] : undefined;
      if (!handle)
        throw new Error(`This kernel's debugger does not know the request ${JSON.stringify(command)}.`);
      return { ...response, success: true, body: (await handle(args ?? {})) ?? {} };
    } catch (error) {
      return { ...response, success: false, message: (error as Error).message, body: {} };
    }
  }

  readonly #requests: Record<string, (args: Arguments) => unknown> = {
    debugInfo: () => this.#info(),
    initialize: ({ clientID = "" }) => {
      this.#isJupyterLab = clientID === "jupyterlab";
      this.#inspection.variables.withTypes = !this.#isJupyterLab;
      queueMicrotask(() => this.host.event("initialized", {}));
      return capabilities;
    },
    attach: () => this.#attach(),
    configurationDone: () => undefined,
    disconnect: () => this.stop(),
    dumpCell: ({ code }) => ({ sourcePath: this.#scripts.dump(String(code)) }),
    setBreakpoints: (args) => this.#setBreakpoints(args),
    setExceptionBreakpoints: ({ filters = [] }) => this.#setExceptions(filters),
    exceptionInfo: ({ threadId }) => this.#inspection.exceptionInfo(this.#stoppedThread(threadId)),
    threads: () => this.#listThreads(),
    stackTrace: (args) => this.#inspection.stackTrace(this.#thread(args.threadId), args, this.#isJupyterLab),
    scopes: (args) => this.#inspection.scopes(args),
    variables: (args) => this.#inspection.children(args),
    setVariable: (args) => this.#inspection.setVariable(args),
    evaluate: (args) => this.#inspection.evaluate(args),
    inspectVariables: () => this.#inspection.inspect(),
    richInspectVariables: (args) => this.#inspection.inspectRich(args),
    source: ({ source, sourceReference }) => this.#scripts.show(source?.path ?? String(sourceReference)),
    modules: () => this.#scripts.modules(),
    continue: async ({ threadId }) => {
      await this.#stoppedThread(threadId).resume();
      return { allThreadsContinued: false };
    },
    next: ({ threadId }) => this.#step(threadId, "stepOver"),
    stepIn: ({ threadId }) => this.#step(threadId, "stepInto"),
    stepOut: ({ threadId }) => this.#step(threadId, "stepOut"),
    pause: ({ threadId = loopId }) => this.#thread(threadId).askPause(),
  };

  #info(): object {
    return {
      isStarted: this.#session !== undefined,
      hashMethod: "Murmur2",
      hashSeed,
      tmpFilePrefix,
      tmpFileSuffix,
      breakpoints: this.#breakpoints.all(),
      stoppedThreads: this.#stops.all.map(({ id }) => id),
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
      await this.#add(
        new DebuggedThread(session, loopId, "event loop", this.#scripts, this, this.#breakpoints),
      );
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
      const thread = new DebuggedThread(
        worker,
        worker.id + 1,
        worker.name,
        this.#scripts,
        this,
        this.#breakpoints,
      );
      this.#add(thread).catch(ignoreEnd);
      if (this.#areTasksAwaited) thread.breakpoints.awaitTask();
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
    const stopped = this.#stops.take();
    // Not by the end of the session: one thread's would wait for the other's.
    for (const thread of stopped) thread.resume().catch(ignoreEnd);
    for (const thread of this.#threads.values()) {
      thread.ended();
      this.#inspection.forget(thread);
      this.#breakpoints.removeThread(thread);
    }
    this.#threads.clear();
    session.close();
    for (const { id } of stopped) this.host.event("continued", { threadId: id, allThreadsContinued: true });
  }

  /** Lets every thread go on; the code that the event loop was stopped in ends there, as by an interrupt. */
  async interrupt(): Promise<void> {
    for (const thread of this.#stops.all) await thread.resume(thread.id === loopId).catch(ignoreEnd);
  }

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

  #thread(id: number): DebuggedThread {
    const thread = this.#threads.get(id);
    if (!thread)
      throw new Error(this.#session ? `There is no thread ${id}.` : "The debugger is not attached.");
    return thread;
  }

  /** JupyterLab asks for thread 1 when it goes on, whichever it shows: the one that was announced last is meant. */
  #stoppedThread(id: number): DebuggedThread {
    const { shown } = this.#stops;
    const thread = this.#isJupyterLab && shown ? shown : this.#thread(id);
    if (!thread.pause) throw new Error(`${thread.name} is not stopped.`);
    return thread;
  }

  async #listThreads(): Promise<object> {
    const threads = [...this.#threads.values()];
    await Promise.all(threads.map((thread) => thread.learnName()));
    return { threads: threads.map(({ id, name }) => ({ id, name })) };
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
      if (is) thread.breakpoints.awaitTask();
      else thread.breakpoints.letTasksBegin();
    }
  }

  entered(): void {
    this.#awaitTasks(false);
  }

  async stopped(thread: DebuggedThread, pause: Pause): Promise<void> {
    if (thread.id === loopId) this.#awaitTasks(false);
    this.#stops.add(thread);
    await thread.learnName();
    if (thread.pause === pause) this.#stops.announce(thread);
  }

  continued(thread: DebuggedThread): void {
    this.#inspection.forget(thread);
    this.#stops.remove(thread);
  }
}
