import { Session } from "node:inspector";
import type { AnyFunction } from "../types";

/**
 * What a function's closure holds, read through the inspector protocol inside the process: no port is
 * opened and the debugger is not enabled, so nothing runs slower. `[[Scopes]]` is not documented by V8;
 * test/threads/scopes.test.ts pins what is used of it.
 */

interface Probe {
  fn?: AnyFunction;
  scopes: object[];
}

const key = Symbol.for("kernel-helpers.probe");
const probe: Probe = { scopes: [] };
let session: Session | undefined;

function post(method: string, params: object): Record<string, unknown> {
  if (!session) {
    session = new Session();
    session.connect();
    Object.defineProperty(globalThis, key, { value: probe, configurable: true });
  }
  let answer: Record<string, unknown> = {};
  // Within one thread the answer comes before `post` returns.
  session.post(method, params, (error, result) => {
    if (error) throw new Error(`The inspector refused ${method}: ${error.message}`);
    answer = result as Record<string, unknown>;
  });
  return answer;
}

const collect = `function () {
  const probe = globalThis[Symbol.for("kernel-helpers.probe")];
  for (let i = 0; i < this.length; i++) probe.scopes.push(this[i].object);
}`;

/** The scopes that a function sees, innermost first, each an object of its variables at this moment. */
export function scopesOf(fn: AnyFunction): object[] {
  probe.fn = fn;
  probe.scopes = [];
  const found = post("Runtime.evaluate", {
    expression: 'globalThis[Symbol.for("kernel-helpers.probe")].fn',
    objectGroup: "kernel-helpers",
  }) as { result: { objectId: string } };
  const { internalProperties } = post("Runtime.getProperties", {
    objectId: found.result.objectId,
    ownProperties: true,
  }) as { internalProperties?: { name: string; value?: { objectId: string } }[] };
  const objectId = internalProperties?.find(({ name }) => name === "[[Scopes]]")?.value?.objectId;
  if (objectId) post("Runtime.callFunctionOn", { objectId, functionDeclaration: collect, silent: true });
  post("Runtime.releaseObjectGroup", { objectGroup: "kernel-helpers" });
  const { scopes } = probe;
  probe.fn = undefined;
  probe.scopes = [];
  return scopes;
}
