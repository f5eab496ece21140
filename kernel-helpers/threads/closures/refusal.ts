import { types } from "node:util";
import { isDetached } from "../task/transfer-list";
import { needsTransfer } from "./plain";

/** A value that cannot go to another thread; thrown before the task is queued. */
export class DataCloneError extends TypeError {
  override name = "DataCloneError";
  /** Where the value is, e.g. `task → helper → socket.handle`. */
  readonly path: string;

  constructor(path: string, what: string, wayOut: string) {
    super(`${path} is ${what}, which cannot go to another thread. ${wayOut}`);
    this.path = path;
  }

  /** With the words of one that was thrown in another thread. */
  static again(message: string, path: string): DataCloneError {
    return Object.assign(new DataCloneError(path, "", ""), { message });
  }
}

/** Why a value that structured clone cannot carry is refused, and the way out. */
export function refusal(value: object, path: string): DataCloneError {
  const buffer = ArrayBuffer.isView(value) ? value.buffer : types.isAnyArrayBuffer(value) ? value : undefined;
  if (buffer && isDetached(buffer)) {
    return new DataCloneError(
      path,
      "a detached buffer (it was transferred before)",
      "Send a copy: `buffer.slice()`.",
    );
  }
  if (types.isPromise(value))
    return new DataCloneError(path, "a Promise", "Await it first and send its value.");
  if (types.isWeakMap(value) || types.isWeakSet(value) || value instanceof WeakRef) {
    return new DataCloneError(
      path,
      `a ${value.constructor.name}`,
      "Send a Map or an array of what it holds.",
    );
  }
  if (types.isGeneratorObject(value) || typeof (value as { next?: unknown }).next === "function") {
    return new DataCloneError(
      path,
      "an iterator",
      "Send its values, `[...iterator]`, or run the generator function with iterateInThread.",
    );
  }
  if (value instanceof URL) return new DataCloneError(path, "a URL", "Send `url.href`.");
  if (value instanceof AbortSignal) {
    const wayOut = "Send `util.transferableAbortSignal(signal)`, which makes the signal one that can.";
    return new DataCloneError(path, "an AbortSignal", wayOut);
  }
  const name = value.constructor?.name || "class";
  if (needsTransfer(value)) {
    const wayOut = "It moves instead of being copied: list it in `transfer`.";
    return new DataCloneError(path, `an instance of ${name} that is not in the list of what moves`, wayOut);
  }
  if (typeof (value as { addDoneCallback?: unknown }).addDoneCallback === "function") {
    const wayOut =
      "Call a function that gives it: `const later = () => future`, runCoroutineThreadsafe(later).";
    return new DataCloneError(path, "a Future", wayOut);
  }
  // Made by Object.create, it says that its class is that of its prototype's prototype.
  const isOwn = (value.constructor as { prototype?: unknown })?.prototype === Object.getPrototypeOf(value);
  return new DataCloneError(
    path,
    isOwn || name !== "Object"
      ? `an instance of ${name}`
      : "an object whose prototype is not that of plain objects",
    "Send plain data and make it inside the function, give the class a [toTransfer]() method, or keep it on the loop " +
      "and call a function that uses it: runCoroutineThreadsafe(fn).",
  );
}
