/**
 * Descriptors 0, 1 and 2 in the functions of `node:fs`: what is written goes to the cell it is written for, in
 * order with what the cell prints otherwise, and what is read is asked of the reader. Everything else that uses
 * these descriptors goes through the pipes of `sockets/standard-streams`.
 */

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import type { Input } from "./input";

type Any = (...args: never[]) => unknown;

function replace(
  name: "writeSync" | "write" | "readSync" | "read" | "readFileSync",
  make: (standard: Any) => Any,
) {
  const standard = fs[name] as unknown as Any;
  const own = make(standard);
  Object.defineProperty(own, "name", { value: name });
  // `fs.write` and `fs.read` have a form for `util.promisify`.
  for (const key of Object.getOwnPropertySymbols(standard)) {
    Object.defineProperty(own, key, Object.getOwnPropertyDescriptor(standard, key)!);
  }
  (fs as unknown as Record<string, Any>)[name] = own;
}

/** The bytes that a call of `fs.write` or `fs.writeSync` means: `(fd, string, position?, encoding?)` or `(fd, view, offset?, length?)`. */
function written(chunk: unknown, first: unknown, second: unknown): Uint8Array | undefined {
  if (typeof chunk === "string") {
    const encoding = typeof second === "string" ? second : typeof first === "string" ? first : "utf8";
    return Buffer.from(chunk, encoding as BufferEncoding);
  }
  if (!ArrayBuffer.isView(chunk)) return undefined;
  return part(chunk, first, second);
}

/** The bytes of a view from an offset on: `(offset?, length?)` or `({ offset?, length? })`; undefined outside of it. */
function part(view: ArrayBufferView, first: unknown, second: unknown): Uint8Array | undefined {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const named = typeof first === "object" && first !== null;
  const range = (named ? first : { offset: first, length: second }) as { offset?: unknown; length?: unknown };
  const offset = typeof range.offset === "number" ? range.offset : 0;
  const length = typeof range.length === "number" ? range.length : bytes.length - offset;
  if (offset < 0 || length < 0 || offset + length > bytes.length) return undefined;
  return bytes.subarray(offset, offset + length);
}

const streamOf = (fd: unknown) => (fd === 1 ? process.stdout : fd === 2 ? process.stderr : undefined);

function replaceWrites() {
  const print = (args: unknown[]): Uint8Array | undefined => {
    const [fd, chunk, first, second] = args;
    const stream = streamOf(fd);
    // What is wrong with the arguments is for Node to say.
    const bytes = stream && written(chunk, first, second);
    if (stream && bytes) stream.write(bytes);
    return bytes;
  };
  replace(
    "writeSync",
    (standard) =>
      (...args) =>
        print(args)?.length ?? standard(...args),
  );
  replace("write", (standard) => (...args) => {
    const done = args.at(-1) as unknown as (error: null, count: number, chunk: unknown) => void;
    const bytes = typeof done === "function" ? print(args) : undefined;
    if (!bytes) return standard(...args);
    process.nextTick(done, null, bytes.length, args[1]);
    return undefined;
  });
}

const isStdin = (file: unknown) => file === 0 || file === "/dev/stdin";

function replaceReads(input: Input) {
  /** What the reader has typed and nobody has read. */
  let left: Uint8Array = Buffer.alloc(0);
  const room = (args: unknown[]) =>
    isStdin(args[0]) && ArrayBuffer.isView(args[1]) ? part(args[1], args[2], args[3]) : undefined;
  const take = (target: Uint8Array): number => {
    const taken = left.subarray(0, target.length);
    target.set(taken);
    left = left.subarray(taken.length);
    return taken.length;
  };
  replace("readSync", (standard) => (...args) => {
    const target = room(args);
    if (!target) return standard(...args);
    if (left.length === 0) left = Buffer.from(`${input.askSync("reading stdin", "")}\n`);
    return take(target);
  });
  replace("read", (standard) => (...args) => {
    const done = args.at(-1) as unknown as (error: unknown, count?: number, view?: unknown) => void;
    const target = typeof done === "function" ? room(args) : undefined;
    if (!target) return standard(...args);
    const answer = () => done(null, take(target), args[1]);
    if (left.length > 0) process.nextTick(answer);
    else {
      new Promise<string>((resolve) => resolve(input.ask("reading stdin", ""))).then((line) => {
        left = Buffer.from(`${line}\n`);
        answer();
      }, done);
    }
    return undefined;
  });
  replace("readFileSync", (standard) => (...args) => {
    if (!isStdin(args[0])) return standard(...args);
    // There is no end of what a reader may type: one line is all of it.
    const bytes =
      left.length > 0 ? Buffer.from(left) : Buffer.from(`${input.askSync("reading stdin", "")}\n`);
    left = Buffer.alloc(0);
    const options = args[1] as unknown;
    const encoding =
      typeof options === "string" ? options : (options as { encoding?: string } | undefined)?.encoding;
    return encoding ? bytes.toString(encoding as BufferEncoding) : bytes;
  });
}

/** From now on, in this thread. */
export function replaceDescriptors(input: Input) {
  replaceWrites();
  replaceReads(input);
  syncBuiltinESMExports();
}
