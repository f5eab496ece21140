/**
 * Descriptors 1 and 2 of the kernel as pipes that the sockets thread reads, so that a notebook also shows what
 * child processes with inherited streams, native code and `fs.writeSync(1, …)` print. Descriptor 0 becomes
 * empty: a child that reads it ends, where it would wait for a terminal that no reader of the notebook sees.
 *
 * Node has no `dup2`; but a descriptor that is closed is the next one to be given out. POSIX only: Windows has
 * no `mkfifo`, and there such output goes to the terminal of the kernel, as without this.
 */

import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Descriptors, which all threads share. */
export interface StandardStreams {
  /** To read what was written to descriptor 1, and 2. */
  stdout: number;
  stderr: number;
  /** To write to what was descriptor 2: the terminal or log of who started the kernel. */
  terminal: number;
  /** The process that copies what is written there. */
  keeper: number;
}

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/**
 * Copies what is written to `terminal`, and after the kernel's end what is left in the pipe of its stderr, such
 * as the last words of Node when memory runs out. Its descriptors: 0 is `terminal`, 1 the real stderr, 2 that pipe.
 */
const keepTerminal = "trap '' INT TERM; cat; exec cat <&2";

function startKeeper(terminal: number, stderr: number): number {
  const child = spawn("/bin/sh", ["-c", keepTerminal], { stdio: [terminal, 2, stderr] });
  child.on("error", () => undefined);
  child.unref();
  if (child.pid === undefined) throw new Error("/bin/sh does not start");
  return child.pid;
}

function replace(fd: number, path: string, flags: number) {
  closeSync(fd);
  const got = openSync(path, flags);
  if (got !== fd) throw new Error(`expected descriptor ${fd}, got ${got}`);
}

function captureAt(folder: string): StandardStreams {
  const [out, err, own] = ["out", "err", "own"].map((name) => join(folder, name)) as [string, string, string];
  const { status, error } = spawnSync("mkfifo", [out, err, own]);
  if (status !== 0) throw error ?? new Error(`mkfifo ended with ${status}`);
  const reader = (path: string) => openSync(path, O_RDONLY | O_NONBLOCK);
  const stdout = reader(out);
  const stderr = reader(err);
  const ofKeeper = [reader(own), reader(err)] as const;
  // A terminal that takes nothing must not stop the kernel: then its words are dropped.
  const terminal = openSync(own, O_WRONLY | O_NONBLOCK);
  const keeper = startKeeper(...ofKeeper);
  for (const fd of ofKeeper) closeSync(fd);
  replace(1, out, O_WRONLY);
  replace(2, err, O_WRONLY);
  replace(0, "/dev/null", O_RDONLY);
  return { stdout, stderr, terminal, keeper };
}

/** Not by `rmSync` of all: on Node 20 and 22 `require` then follows no symbolic link any more if one was a pipe. */
function removeFolder(folder: string) {
  for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
  rmdirSync(folder);
}

/**
 * Replaces descriptors 0 to 2. To be called before any other thread runs: it could be given a descriptor that
 * is free for a moment. Undefined where it cannot be done; the kernel then works without.
 */
export function captureStandardStreams(): StandardStreams | undefined {
  if (process.platform === "win32") return undefined;
  try {
    const folder = mkdtempSync(join(tmpdir(), "kernel-streams-"));
    try {
      return captureAt(folder);
    } finally {
      removeFolder(folder);
    }
  } catch (error) {
    tell(undefined, `What child processes print to inherited streams is not shown: ${error}\n`);
    return undefined;
  }
}

/** As much as a pipe holds. */
export const pipeBytes = 65_536;

/** What is in a pipe now; undefined if nothing is. */
export function takeFrom(pipe: number): Uint8Array | undefined {
  const buffer = new Uint8Array(pipeBytes);
  try {
    const count = readSync(pipe, buffer);
    return count > 0 ? buffer.slice(0, count) : undefined;
  } catch {
    // EAGAIN.
    return undefined;
  }
}

/** Writes to the terminal or log of who started the kernel, past the notebook. */
export function tell(streams: StandardStreams | undefined, text: string) {
  try {
    writeSync(streams?.terminal ?? 2, text);
  } catch {
    // Nobody reads it.
  }
}
