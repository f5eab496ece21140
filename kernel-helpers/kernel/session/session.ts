/** Runs cells and answers questions about code: the main thread's part of the kernel. */

import { inspect } from "node:util";
import type { Converter } from "tslab/dist/converter";
import type { Executor } from "tslab/dist/executor";
import type { CompilerProcess } from "../compiler/process";
import type { Compilation, CompiledScript } from "../compiler/protocol";
import type { HistoryEntry, Request, Shared } from "../thread-protocol";
import { cellScripts, originThrough } from "./cell-scripts";
import type { Comms } from "./comms";
import { describeFaults } from "./faults";
import { ImportedModules } from "./imported-modules";
import type { Asking } from "./input";
import type { CellContext, Output } from "./output";
import { PendingWork } from "./pending-work";
import { placeSyntaxError } from "./reader-message";
import { mimebundle } from "./results";
import type { ScriptAnnouncer } from "./script-announcer";
import type { StackWorld } from "./stacks";
import { describe, type Failure } from "./traceback";

/** What one cell left: the value of its last expression, or what it threw. */
interface Outcome {
  values: unknown[];
  thrown: unknown[];
}

/** How a source has ended: with the values of its last expression, or with a failure. */
interface Result {
  values: unknown[];
  failure?: Failure;
}

const nothing: Result = { values: [] };

/** What is said to a request that brings no code. */
function badCode({ code }: { code?: unknown }): TypeError {
  const got = code === undefined ? "nothing" : inspect(code, { depth: 0 });
  return Object.assign(new TypeError(`an execute_request needs its \`code\` as a string, got ${got}`), {
    stack: "",
  });
}

function historyEntry({ store_history, execution_count, source, result }: Running): HistoryEntry | undefined {
  return store_history ? { line: execution_count, input: source, output: result ?? null } : undefined;
}

const interruption: Failure = {
  ename: "Interrupted",
  evalue: "the cell was stopped by an interrupt",
  traceback: ["\x1b[1mInterrupted\x1b[0m: the cell was stopped by an interrupt"],
};

/** A cell whose reply is still to come. */
interface Running extends CellContext, Asking {
  execution_count: number;
  silent: boolean;
  store_history: boolean;
  stop_on_error: boolean;
  user_expressions: Record<string, unknown>;
  /** The `text/plain` of its result. */
  result?: string;
}

/**
 * tslab's executor, on modules that ask `current` where its own would load the compiler: that has
 * already compiled the cell, in its own process.
 */
function createExecutor(
  current: () => Compilation,
  show: (data: object, update: boolean) => void,
  console: { log(value: unknown): void; error(...reason: unknown[]): void },
): Executor {
  const put = (name: string, exports: object) => {
    const path = require.resolve(`tslab/dist/${name}`);
    require.cache[path] = { id: path, filename: path, path, loaded: true, exports } as NodeJS.Module;
  };
  put("metadata", { getCodeMetadata: () => current().metadata });
  // What `tslab.display` of a cell writes to.
  put("jupyter", { lastWriteDisplayData: show });
  const compiled = {
    convert: () => current().converted,
    addModule: () => [],
  } as Partial<Converter> as Converter;
  const converters = { node: compiled, browser: compiled, close: () => undefined };
  const tslab = require("tslab/dist/executor") as typeof import("tslab/dist/executor");
  return tslab.createExecutor(process.cwd(), converters, console);
}

export class Session {
  readonly #executor: Executor;
  readonly #world: StackWorld = { cells: cellScripts(), cwd: process.cwd() };
  readonly #imports = new ImportedModules();
  #outcome: Outcome = { values: [], thrown: [] };
  #compilation: Compilation | undefined;
  /** What the cells so far have declared; tslab's executor keeps the same to itself. */
  #declarations = "";
  #count = 0;
  readonly #pendingWork: PendingWork;
  #running: Running | undefined;

  constructor(
    private readonly output: Output,
    private readonly shared: Shared,
    private readonly compiler: CompilerProcess,
    private readonly comms: Comms,
    private readonly scripts: ScriptAnnouncer,
    /** Runs synchronous code without the handlers of signals that end the process. */
    private readonly withoutHandlers: <T>(run: () => T) => T,
    /** Called with the request of each cell that has been answered. */
    private readonly finished: (id: number) => void,
  ) {
    this.#pendingWork = new PendingWork(output);
    const show = (data: object, update: boolean) =>
      output.publish(update ? "update_display_data" : "display_data", data);
    this.#executor = createExecutor(() => this.#compilation!, show, {
      log: (value) => this.#outcome.values.push(value),
      error: (...reason) => this.#outcome.thrown.push(reason[0]),
    });
    this.#imports.serve();
  }

  /** The cell that runs. */
  get running(): Asking | undefined {
    return this.#running;
  }

  /**
   * Answers the cell with the request `id`, if it still runs; what it has started goes on. The answer is given
   * here and not where the cell was started: a loop that was stopped from outside never gets back there.
   */
  interrupt(id: number | undefined) {
    if (!this.#running || this.#running.id !== id) return;
    this.#abandon(this.#running, interruption);
  }

  /** Fails the cell with the request `id`: what it waits for can never come. False if that cell is over. */
  fail(id: number, reason: unknown): boolean {
    if (this.#running?.id !== id) return false;
    this.#abandon(this.#running, this.#describe(reason));
    return true;
  }

  #abandon(running: Running, failure: Failure) {
    // What the cell waits for may still come, and must not become the next cell's value.
    this.#executor.interrupt();
    this.compiler.interrupt();
    this.#finish(running, failure);
  }

  /** Answers one request. */
  async handle(request: Request) {
    const { id, msg_type, content } = request;
    if (msg_type === "execute_request") return this.#execute(id, content);
    if (msg_type.startsWith("comm_")) return this.#handleComm(request);
    const answer =
      msg_type === "pending_work_request"
        ? this.#pendingWork.answer(content)
        : await this.#answer(msg_type, content);
    this.output.send({ kind: "reply", id, content: JSON.stringify(answer) });
  }

  /** Has no reply; what its handler throws is an error like any that comes after a cell. */
  async #handleComm(request: Request) {
    await this.comms.handle(request).catch((reason: unknown) => {
      queueMicrotask(() => {
        throw reason;
      });
    });
    this.output.send({ kind: "reply", id: request.id, content: "" });
  }

  async #answer(msg_type: string, content: Request["content"]): Promise<object> {
    try {
      return await this.compiler.answer({ msg_type, content, declarations: this.#declarations });
    } catch (error) {
      return { status: "error", ...describe(error, this.#world) };
    }
  }

  async #execute(id: number, content: Request["content"]) {
    const running = this.#begin(id, content);
    const { source: code, silent, execution_count } = running;
    this.#running = running;
    await this.output.within(running, async () => {
      if (!silent) this.output.publish("execute_input", { code, execution_count });
      const failure =
        typeof content.code === "string" ? await this.#run(running) : describe(badCode(content), this.#world);
      const user_expressions = failure ? {} : await this.#evaluateAll(running);
      this.shared.protect(() => this.#finish(running, failure, user_expressions));
    });
  }

  /** Reads an `execute_request`, which comes from outside: what has a wrong type counts as left out. */
  #begin(id: number, content: Request["content"]): Running {
    const silent = content.silent === true;
    const store_history = !silent && content.store_history !== false;
    if (store_history) this.#count++;
    const execution_count = this.#count;
    const { code, user_expressions: expressions } = content;
    return {
      id,
      label: silent ? `silent cell ${id}` : `cell ${execution_count}`,
      source: typeof code === "string" ? code : "",
      execution_count,
      silent,
      store_history,
      stop_on_error: content.stop_on_error !== false,
      allow_stdin: content.allow_stdin === true,
      user_expressions: typeof expressions === "object" && expressions !== null ? expressions : {},
      [inspect.custom](): string {
        return this.label;
      },
    };
  }

  /** The values of `user_expressions`, each as a bundle or an error of its own. */
  async #evaluateAll(running: Running): Promise<object> {
    const results: Record<string, object> = {};
    for (const [name, expression] of Object.entries(running.user_expressions)) {
      results[name] = await this.#evaluate(String(expression), running);
      if (this.#running !== running) break;
    }
    return results;
  }

  async #evaluate(expression: string, running: Running): Promise<object> {
    const declarations = this.#declarations;
    const { failure, values } = await this.#runSource(expression, `expression in ${running.label}`, running);
    this.#declarations = declarations;
    if (failure) return { status: "error", ...failure };
    try {
      return { status: "ok", data: await mimebundle(values.at(-1)), metadata: {} };
    } catch (error) {
      return { status: "error", ...this.#describe(error) };
    }
  }

  /** Replies to a cell, once. */
  #finish(running: Running, failure: Failure | undefined, user_expressions: object = {}) {
    if (this.#running !== running) return;
    const { id, execution_count, silent, stop_on_error } = running;
    const outcome = failure ? { status: "error", ...failure } : { status: "ok", payload: [] };
    this.output.within(running, () => {
      if (failure && !silent) this.output.publish("error", failure);
      this.output.send({
        kind: "reply",
        id,
        content: JSON.stringify({ ...outcome, execution_count, user_expressions }),
        abortQueue: failure !== undefined && stop_on_error,
        history: historyEntry(running),
        declarations: this.#declarations,
      });
    });
    this.#running = undefined;
    this.finished(id);
  }

  /** Compiles a cell, and makes its scripts known to stack traces. */
  async #compile(source: string, label: string): Promise<Compilation> {
    const compilation = await this.compiler.compile({ label, declarations: this.#declarations, source });
    const { script, files, imports, packages } = compilation;
    const noLines = { source: 0, script: 0 };
    const scripts = files.map(({ path, ...file }) => ({ ...file, name: path, added: noLines }));
    const all: CompiledScript[] = script ? [...scripts, script] : scripts;
    for (const each of all) {
      const { name, label, source, maps, added } = each;
      const back = maps && originThrough(maps, added.source);
      const origin = (line: number, column: number) =>
        back ? back(line - added.script, column) : { line, column };
      const compiled: CompiledScript = { name, label, source, script: each.script, maps, added };
      this.#world.cells.set(name, { ...compiled, addedLines: added.script, compiled, origin });
    }
    await this.scripts.announce(all);
    this.#imports.accept(files, imports);
    if (compilation.converted) await this.#imports.prepare(imports, packages);
    return compilation;
  }

  /** Runs a cell and shows what it leaves. */
  async #run(running: Running): Promise<Failure | undefined> {
    const { failure, values } = await this.#runSource(running.source, running.label, running);
    if (failure || running.silent) return failure;
    try {
      for (const value of values) await this.#show(value, running);
      return undefined;
    } catch (error) {
      return this.#describe(error);
    }
  }

  /** Runs TypeScript; nothing comes of it if `running` is answered meanwhile, and perhaps followed by another cell. */
  async #runSource(source: string, label: string, running: Running): Promise<Result> {
    const outcome: Outcome = { values: [], thrown: [] };
    this.#outcome = outcome;
    try {
      const compilation = await this.#compile(source, label);
      if (this.#running !== running) return nothing;
      for (const notice of compilation.notices) process.stderr.write(`${notice}\n`);
      const { converted, faults } = compilation;
      if (faults.length > 0) return { values: [], failure: describeFaults(faults, { source, label }) };
      if (!converted) return nothing;
      this.#compilation = compilation;
      // While its script runs no handler could: then a signal ends the process as it would any other.
      const ended = this.withoutHandlers(() => this.#executor.execute(source));
      const ok = await ended;
      if (ok) this.#declarations = converted.declOutput ?? "";
      if (this.#running !== running) return nothing;
      if (ok) return outcome;
      const [thrown] = outcome.thrown;
      if (compilation.script) placeSyntaxError(thrown, compilation.script.name);
      return { values: [], failure: this.#describe(thrown) };
    } catch (error) {
      return { values: [], failure: this.#describe(error) };
    }
  }

  #describe(thrown: unknown): Failure {
    const bySignal =
      thrown instanceof Error &&
      (thrown as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_INTERRUPTED";
    if (bySignal) return interruption;
    return describe(thrown, this.#world);
  }

  async #show(value: unknown, running: Running) {
    const data = await mimebundle(value);
    if (this.#running !== running) return;
    running.result = String(data["text/plain"]);
    const { execution_count } = running;
    this.output.publish("execute_result", { data, metadata: {}, execution_count });
  }
}
