import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { KernelModel } from "./running-kernel";

/** Of so many kernels is known that they ran once; pages older than that have been closed. */
const mostKept = 200;

/**
 * The kernels that ran when an earlier server was ended. A page that was open then asks for its kernel again and
 * again; where it hears "not found" it goes on hoping, where it hears "dead" it says so.
 */
export class GoneKernels {
  readonly #names: Map<string, string>;
  readonly #file: string;

  /** `file` keeps a line for each kernel that was started, and one without a name for each that was shut down. */
  constructor(file: string) {
    this.#file = file;
    this.#names = new Map(this.#read());
    this.#write(() => {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, [...this.#names].map((line) => `${line.join(" ")}\n`).join(""), { mode: 0o600 });
    });
  }

  /** Writes down that a kernel was started. */
  note(id: string, name: string): void {
    this.#write(() => appendFileSync(this.#file, `${id} ${encodeURIComponent(name)}\n`, { mode: 0o600 }));
  }

  /** A kernel that somebody shut down is not missed. */
  forget(id: string): void {
    this.note(id, "");
  }

  find(id: string): KernelModel | undefined {
    const name = this.#names.get(id);
    if (name === undefined) return undefined;
    const last_activity = new Date(0).toISOString();
    return { id, name: decodeURIComponent(name), last_activity, execution_state: "dead", connections: 0 };
  }

  #read(): [string, string][] {
    try {
      const lines = readFileSync(this.#file, "utf8")
        .split("\n")
        .slice(-2 * mostKept);
      const entries = lines.map((line) => line.split(" "));
      const last = new Map(entries.map(([id = "", name = ""]) => [id, name]));
      return [...last].filter(([id, name]) => id !== "" && name !== "");
    } catch {
      return [];
    }
  }

  /** Without it the server works as well. */
  #write(write: () => void): void {
    try {
      write();
    } catch (error) {
      console.error(`The record of kernels could not be written: ${(error as NodeJS.ErrnoException).code}`);
    }
  }
}
