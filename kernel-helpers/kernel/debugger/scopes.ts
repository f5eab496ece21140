/** The scopes of a frame, and what the cells have made. */

import type { Params } from "../../inspector";
import type { DebuggedThread } from "./debugged-thread";
import type { Frame } from "./frames";
import { variablesOfCells } from "./names";
import { type Container, setProperty, type Variable, type Variables } from "./variables";

/** Where a scope's name is not the reader's: what compilers and the kernel put there. */
const hidden = /^(exports|require|module|__filename|__dirname|arguments|this|tsLastExpr\d*|__\w+|\w+_\d+)$/;

export class Scopes {
  constructor(private readonly variables: Variables) {}

  /** Innermost first; the last is what earlier cells have made. */
  of(thread: DebuggedThread, frame: Frame): object[] {
    const inner = frame.scopes.findIndex(
      ({ type }) => type === "closure" || type === "script" || type === "global",
    );
    const own = frame.scopes.slice(0, inner < 0 ? undefined : inner);
    const around = frame.scopes.filter(({ type }) => type === "closure" || type === "module");
    const scopes = [{ name: "Local", presentationHint: "locals", list: own }];
    if (around.length > 0) scopes.push({ name: "Closure", presentationHint: "closure", list: around });
    const shown = scopes.map(({ list, ...scope }) => ({
      ...scope,
      variablesReference: this.variables.add(this.#scope(thread, frame, list)),
      expensive: false,
    }));
    if (thread.id !== 1) return shown;
    return [
      ...shown,
      { name: "Cells", variablesReference: this.variables.add(this.#cells(thread)), expensive: false },
    ];
  }

  #scope(thread: DebuggedThread, frame: Frame, scopes: Params[]): Container {
    const { session } = thread;
    const read = async () => {
      const found = new Map<string, { variable: Variable; scope: Params }>();
      for (const scope of scopes) {
        const { result } = await session.post("Runtime.getProperties", {
          objectId: scope.object.objectId,
          ownProperties: true,
          generatePreview: true,
        });
        for (const { name, value } of result) {
          if (name === "exports" && value?.objectId && thread.id !== 1) {
            for (const variable of await this.variables.object(thread, value, "").children({}))
              found.set(variable.name, { variable, scope: value });
          }
          // An inner one hides an outer one.
          if (hidden.test(name) || found.has(name) || !value) continue;
          found.set(name, { variable: this.variables.variable(thread, name, value, name), scope });
        }
      }
      return found;
    };
    return {
      thread,
      children: async () => [...(await read()).values()].map(({ variable }) => variable),
      set: async (variableName, newValue) => {
        const scope = (await read()).get(variableName)?.scope;
        if (!scope) throw new Error(`There is no variable ${variableName} here.`);
        const scopeNumber = frame.scopes.indexOf(scope);
        // What a function in a thread captures of earlier cells is an object's.
        if (scopeNumber < 0) return setProperty(session, scope.objectId, variableName, newValue);
        const { callFrameId } = frame;
        await session.post("Debugger.setVariableValue", { scopeNumber, variableName, newValue, callFrameId });
        if (thread.id !== 1) return;
        // Later cells and functions of this one read what the cell exports.
        const { result } = await session.post("Runtime.evaluate", { expression: variablesOfCells });
        await session.post("Runtime.callFunctionOn", {
          objectId: result.objectId,
          functionDeclaration: "function (name, value) { if (name in this) this[name] = value }",
          arguments: [{ value: variableName }, newValue],
        });
      },
    };
  }

  #cells(thread: DebuggedThread): Container {
    const object = async (expression: string) => {
      const { result } = await thread.session.post("Runtime.evaluate", { expression, silent: true });
      return this.variables.object(thread, result, "");
    };
    return {
      thread,
      // A copy, because the object itself is a Proxy.
      children: async () =>
        (await (await object(`({ ...${variablesOfCells} })`)).children({})).filter(
          ({ name }) => !hidden.test(name) && name !== "[[Prototype]]",
        ),
      set: async (name, value) => (await object(variablesOfCells)).set(name, value),
    };
  }

  /** The variables that cells have made, whether or not a thread is stopped. */
  ofCells(thread: DebuggedThread): Promise<Variable[]> {
    return this.#cells(thread).children({});
  }
}
