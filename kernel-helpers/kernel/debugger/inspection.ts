/** What a client asks of a stopped thread, and of what the cells have made: frames, scopes, values, expressions. */

import type { Params } from "../../inspector";
import type { DebuggedThread } from "./debugged-thread";
import type { Frame } from "./frames";
import { asExpression, namesIn, variablesHere, withNames } from "./names";
import { textOf, typeOf } from "./remote-values";
import { Scopes } from "./scopes";
import { pathOfUrl } from "./scripts";
import { Variables } from "./variables";

/** How long an expression may take, in ms. */
const evaluateMs = 10_000;

type Arguments = Params;

/** Where an expression is evaluated. */
interface Place {
  thread: DebuggedThread;
  frame: Frame | undefined;
}

export class Inspection {
  readonly variables = new Variables();
  readonly #scopes = new Scopes(this.variables);
  readonly #frames = new Map<number, { thread: DebuggedThread; frame: Frame }>();
  #lastFrame = 0;

  /** `loop` gives the event loop's thread, while a debugger is attached. */
  constructor(private readonly loop: () => DebuggedThread | undefined) {}

  /** What was shown of a thread is gone when it goes on. */
  forget(thread: DebuggedThread): void {
    this.variables.forget(thread);
    for (const [id, { thread: of }] of this.#frames) if (of === thread) this.#frames.delete(id);
  }

  scopes({ frameId }: Arguments): object {
    const { thread, frame } = this.#frame(frameId);
    return { scopes: this.#scopes.of(thread, frame) };
  }

  /** With `isShort`, frames say which thread they are of: JupyterLab has no list of threads. */
  stackTrace(thread: DebuggedThread, { startFrame = 0, levels = 0 }: Arguments, isShort: boolean): object {
    const frames = thread.pause?.frames ?? [];
    const shown = frames.slice(startFrame, levels > 0 ? startFrame + levels : undefined).map((frame) => {
      const id = ++this.#lastFrame;
      this.#frames.set(id, { thread, frame });
      const { name, script, url, line, column } = frame;
      const path = script?.path ?? pathOfUrl(url);
      const source = { name: script?.label ?? path.split(/[\\/]/).at(-1), path, sourceReference: 0 };
      const where = isShort && thread.id !== 1 ? ` · ${thread.name}` : "";
      return { id, name: `${name}${where}`, source, line, column };
    });
    return { stackFrames: shown, totalFrames: frames.length };
  }

  #frame(id: number): { thread: DebuggedThread; frame: Frame } {
    const found = this.#frames.get(id);
    if (!found) throw new Error(`There is no frame ${id}: its thread has gone on.`);
    return found;
  }

  /** In a frame, or else among what the cells have made. */
  #placeOf(frameId: number | undefined): Place {
    if (frameId !== undefined) return this.#frame(frameId);
    const thread = this.loop();
    if (!thread) throw new Error("The debugger is not attached.");
    return { thread, frame: undefined };
  }

  async children({ variablesReference, filter, start, count }: Arguments): Promise<object> {
    const container = this.variables.get(variablesReference);
    if (!container) throw new Error(`There is no variable ${variablesReference}: its thread has gone on.`);
    return { variables: await container.children({ filter, start, count }) };
  }

  async setVariable({ variablesReference, name, value, frameId }: Arguments): Promise<object> {
    const container = this.variables.get(variablesReference);
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
    const { variablesReference: reference, ...shown } = this.variables.variable(thread, name, remote);
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

  async evaluate({ expression, frameId }: Arguments): Promise<object> {
    const { thread, frame } = this.#placeOf(frameId);
    const remote = await this.#evaluate(thread, frame, String(expression));
    const { value, ...variable } = this.variables.variable(thread, "", remote, String(expression));
    const { type, variablesReference, indexedVariables, namedVariables } = variable;
    return { result: value, type, variablesReference, indexedVariables, namedVariables };
  }

  async inspect(): Promise<object> {
    const loop = this.loop();
    return { variables: loop ? await this.#scopes.ofCells(loop) : [] };
  }

  async inspectRich({ variableName, frameId }: Arguments): Promise<object> {
    const { thread, frame } = this.#placeOf(frameId);
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

  exceptionInfo(thread: DebuggedThread): object {
    const thrown = thread.pause!.thrown;
    if (!thrown) throw new Error(`${thread.name} is not stopped on an exception.`);
    const details = { message: textOf(thrown), typeName: typeOf(thrown), stackTrace: thrown.description };
    return { exceptionId: typeOf(thrown), description: textOf(thrown), breakMode: "always", details };
  }
}
