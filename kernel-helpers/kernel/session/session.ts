/** Runs cells and answers questions about code: the main thread's part of the kernel. */

import { inspect } from "node:util";
import type { Converter } from "tslab/dist/converter";
import type { Executor } from "tslab/dist/executor";
import type { CompilerProcess } from "../compiler/process";
import type { Compilation } from "../compiler/protocol";
import type { Request, Shared } from "../thread-protocol";
import { cellScripts, originThrough } from "./cell-scripts";
import { describeFaults } from "./faults";
import { ImportedModules } from "./imported-modules";
import { type CellContext, type Output, withBase64 } from "./output";
import { PendingWork } from "./pending-work";
import { placeSyntaxError } from "./reader-message";
import type { StackWorld } from "./stacks";
import { describe, type Failure } from "./traceback";

const displaySymbol = Symbol.for("Jupyter.display");

/** What one cell left: the value of its last expression, or what it threw. */
interface Outcome {
  values: unknown[];
  thrown: unknown[];
}

/** A value in the formats a front end can show. */
async function mimebundle(value: unknown): Promise<Record<string, unknown>> {
  const render = (value as { [displaySymbol]?: unknown } | null)?.[displaySymbol];
  if (typeof render !== "function") return { "text/plain": inspect(value) };
  const bundle: unknown = await render.call(value);
  if (typeof bundle === "object" && bundle !== null) return withBase64({ ...bundle });
  throw new TypeError(
    `Symbol.for("Jupyter.display") must return an object of MIME types, such as { "text/html": "<b>x</b>" }, got ${inspect(bundle)}`,
  );
}

const interruption: Failure = {
  ename: "Interrupted",
  evalue: "the cell was stopped by an interrupt",
  traceback: ["\x1b[1;31mInterrupted\x1b[0m: the cell was stopped by an interrupt"],
};

/** A cell whose reply is still to come. */
interface Running extends CellContext {
  execution_count: number;
  silent: boolean;
  stop_on_error: boolean;
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

  /** The request of the cell that runs. */
  get running(): number | undefined {
    return this.#running?.id;
  }

  /**
   * Answers the cell with the request `id`, if it still runs; what it has started goes on. The answer is given
   * here and not where the cell was started: a loop that was stopped from outside never gets back there.
   */
  interrupt(id: number | undefined) {
    if (!this.#running || this.#running.id !== id) return;
    // What the cell waits for may still come, and must not become the next cell's value.
    this.#executor.interrupt();
    this.compiler.interrupt();
    this.#finish(this.#running, interruption);
  }

  /** Answers one request. */
  async handle({ id, msg_type, content }: Request) {
    if (msg_type === "execute_request") {
      await this.#execute(id, content);
      return;
    }
    const answer =
      msg_type === "pending_work_request"
        ? this.#pendingWork.answer(content)
        : await this.#answer(msg_type, content);
    this.output.send({ kind: "reply", id, content: JSON.stringify(answer) });
  }

  async #answer(msg_type: string, content: Request["content"]): Promise<object> {
    try {
      return await this.compiler.answer({ msg_type, content, declarations: this.#declarations });
    } catch (error) {
      return { status: "error", ...describe(error, this.#world) };
    }
  }

  async #execute(id: number, content: Request["content"]) {
    const { code, silent = false, store_history = !silent, stop_on_error = true } = content;
    if (!silent && store_history) this.#count++;
    const execution_count = this.#count;
    const label = silent ? `silent cell ${id}` : `cell ${execution_count}`;
    const running = { id, label, source: code, execution_count, silent, stop_on_error };
    this.#running = running;
    await this.output.within(running, async () => {
      if (!silent) this.output.publish("execute_input", { code, execution_count });
      const failure = await this.#run(code, running);
      this.shared.protect(() => this.#finish(running, failure));
    });
  }

  /** Replies to a cell, once. */
  #finish(running: Running, failure: Failure | undefined) {
    if (this.#running !== running) return;
    const { id, execution_count, silent, stop_on_error } = running;
    const outcome = failure ? { status: "error", ...failure } : { status: "ok", payload: [] };
    this.output.within(running, () => {
      if (failure && !silent) this.output.publish("error", failure);
      this.output.send({
        kind: "reply",
        id,
        content: JSON.stringify({ ...outcome, execution_count, user_expressions: {} }),
        abortQueue: failure !== undefined && stop_on_error,
      });
    });
    this.#running = undefined;
  }

  /** Compiles a cell, and makes its scripts known to stack traces. */
  async #compile(source: string, label: string): Promise<Compilation> {
    const compilation = await this.compiler.compile({ label, declarations: this.#declarations, source });
    const { script, files, imports, packages } = compilation;
    const noLines = { source: 0, script: 0 };
    const scripts = files.map(({ path, ...file }) => ({ ...file, name: path, added: noLines }));
    for (const each of script ? [...scripts, script] : scripts) {
      const { name, label, source, maps, added } = each;
      const back = maps && originThrough(maps, added.source);
      const origin = (line: number, column: number) =>
        back ? back(line - added.script, column) : { line, column };
      this.#world.cells.set(name, { label, source, script: each.script, addedLines: added.script, origin });
    }
    this.#imports.accept(files, imports);
    if (compilation.converted) await this.#imports.prepare(imports, packages);
    return compilation;
  }

  async #run(code: string, running: Running): Promise<Failure | undefined> {
    const { label, silent } = running;
    this.#outcome = { values: [], thrown: [] };
    try {
      const compilation = await this.#compile(code, label);
      // Interrupted meanwhile, and perhaps followed by another cell.
      if (this.#running !== running) return undefined;
      for (const notice of compilation.notices) process.stderr.write(`${notice}\n`);
      const { converted, faults } = compilation;
      if (faults.length > 0) return describeFaults(faults, { source: code, label });
      if (!converted) return undefined;
      this.#compilation = compilation;
      const ok = await this.#executor.execute(code);
      if (ok) this.#declarations = converted.declOutput ?? "";
      // Here, too: nothing that follows is its own any more.
      if (this.#running !== running) return undefined;
      if (!ok) {
        const [thrown] = this.#outcome.thrown;
        if (compilation.script) placeSyntaxError(thrown, compilation.script.name);
        return this.#describe(thrown);
      }
      for (const value of silent ? [] : this.#outcome.values) await this.#show(value, running);
      return undefined;
    } catch (error) {
      return this.#describe(error);
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
    const { execution_count } = running;
    this.output.publish("execute_result", { data, metadata: {}, execution_count });
  }
}
