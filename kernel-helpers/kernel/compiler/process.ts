/**
 * The kernel's end of its compiler. TypeScript runs in a process of its own: it can begin from a
 * start-up snapshot, which would make every worker thread of the cells' own process slower and larger;
 * no garbage of it stops a cell; and timers of earlier cells go on while a cell is compiled.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AnswerRequest, Compilation, CompileRequest, FromCompiler, ToCompiler } from "./protocol";
import { usableSnapshot } from "./snapshot/manifest";

/**
 * Half of a start from a snapshot is the system handing out memory, page after page; with glibc on Linux
 * this asks for large pages. Everywhere else it means nothing.
 */
const largePages = "glibc.malloc.hugetlb=1";

/** The environment of the compiler: options for Node are meant for the cells. */
function environment(address: string): NodeJS.ProcessEnv {
  const { NODE_OPTIONS, GLIBC_TUNABLES, ...env } = process.env;
  const KERNEL_HELPERS_QUESTIONS = address;
  return {
    ...env,
    KERNEL_HELPERS_QUESTIONS,
    GLIBC_TUNABLES: [GLIBC_TUNABLES, largePages].filter(Boolean).join(":"),
  };
}

function questionsAddress(): string {
  const name = `kernel-helpers-${process.pid}-${Date.now().toString(36)}`;
  return process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

const options = [
  // Compiling makes much short-lived garbage; half of V8's usual nursery saves 40 MB and no time.
  "--max-semi-space-size=8",
  // The garbage of some hundred cells would be 200 MB; to collect it earlier costs a millisecond a cell.
  "--heap-growing-percent=40",
  // The host collects it between two cells.
  "--expose-gc",
];

function snapshotOptions(): string[] {
  const blob = process.env.KERNEL_HELPERS_SNAPSHOT === "off" ? undefined : usableSnapshot();
  if (!blob) return [];
  return [
    // Rehashing protects against made-up keys from outside, of which a compiler reads none; it takes 25 ms.
    "--no-rehash-snapshot",
    // The heap begins with all that the snapshot holds, which is no reason to collect it in the first cells.
    "--initial-old-space-size=150",
    "--snapshot-blob",
    blob,
  ];
}

interface Waiting {
  message: ToCompiler;
  resolve(value: object): void;
  reject(reason: Error): void;
  /** Whether a compiler before has been killed over it. */
  wasLost: boolean;
}

/** Signals that come from outside, such as from a system that lacks memory; what ends by itself would again. */
const fromOutside = new Set<unknown>(["SIGKILL", "SIGTERM"]);

/** The compiler's process has ended, and what it was asked is not answered. */
class CompilerEnded extends Error {
  override readonly name = "CompilerEnded";
  constructor(how: string) {
    super(`the TypeScript compiler ended (${how}) before it answered. It starts again with the next cell.`);
  }
}

/** One run of the compiler. */
interface Run {
  process: ChildProcess;
  snapshot: string[];
  isReady: boolean;
}

export class CompilerProcess {
  /** Where each compiler of this kernel listens for questions while a cell keeps the main thread. */
  readonly address = questionsAddress();
  readonly #waiting = new Map<number, Waiting>();
  /** Cells that are modules, by name: a compiler that begins anew must learn of them again. */
  readonly #modules = new Map<string, ToCompiler>();
  readonly #archived: string[] = [];
  #lastId = 0;
  #run: Run | undefined;
  #wasReady = false;

  /** `onBroken` is called if the compiler cannot be loaded; it has said why on the kernel's stderr. */
  constructor(private readonly onBroken: () => void) {
    this.#start(snapshotOptions());
  }

  #start(snapshot: string[]) {
    const child = spawn(process.execPath, [...options, ...snapshot, join(__dirname, "host.js")], {
      env: environment(this.address),
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      windowsHide: true,
    });
    const run = { process: child, snapshot, isReady: false };
    this.#run = run;
    child.unref();
    child.channel?.unref();
    child.on("message", (message: FromCompiler) => this.#heard(run, message));
    // Without a process there is no `exit`, and what was asked shall be answered all the same.
    child.on("error", ({ message }) => child.pid === undefined && this.#ended(run, message));
    child.on("exit", (code, signal) =>
      this.#ended(run, signal ?? `exit code ${code}`, fromOutside.has(signal)),
    );
    if (this.#archived.length > 0) this.#send({ id: 0, kind: "restore", archived: this.#archived });
    for (const message of this.#modules.values()) this.#send(message);
  }

  #heard(run: Run, message: FromCompiler) {
    if ("ready" in message) {
      run.isReady = true;
      this.#wasReady = true;
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ("value" in message) waiting?.resolve(message.value);
    else waiting?.reject(Object.assign(new Error(message.error.message), message.error));
  }

  #ended(run: Run, how: string, mayAskAgain = false) {
    if (run !== this.#run) return;
    this.#run = undefined;
    if (!run.isReady && run.snapshot.length > 0) {
      // Node refuses a snapshot that does not fit it, whatever its manifest says.
      this.#start([]);
      for (const { message } of this.#waiting.values()) this.#send(message);
    } else if (!this.#wasReady) this.onBroken();
    else this.#settle(new CompilerEnded(how), mayAskAgain);
  }

  /** Fails what waits for a compiler that has ended, or asks a new one, once. */
  #settle(reason: Error, mayAskAgain: boolean) {
    const all = [...this.#waiting];
    const again = all.filter(([, { wasLost }]) => mayAskAgain && !wasLost);
    this.#waiting.clear();
    for (const each of all) if (!again.includes(each)) each[1].reject(reason);
    if (again.length > 0) this.#start(snapshotOptions());
    for (const [id, waiting] of again) {
      this.#waiting.set(id, { ...waiting, wasLost: true });
      this.#send(waiting.message);
    }
  }

  #send(message: ToCompiler) {
    // A channel that has closed meanwhile, or that no process was had for, fails here; `exit` or `error` answers.
    this.#run!.process.send?.(message, () => undefined);
  }

  #ask(message: ToCompiler): Promise<object> {
    if (!this.#run) this.#start(snapshotOptions());
    return new Promise((resolve, reject) => {
      this.#waiting.set(message.id, { message, resolve, reject, wasLost: false });
      this.#send(message);
    });
  }

  /** Compiles a cell; rejects if the compiler fails on it or ends. The event loop goes on meanwhile. */
  async compile(request: Omit<CompileRequest, "kind">): Promise<Compilation> {
    const message: ToCompiler = { id: ++this.#lastId, kind: "compile", ...request };
    const compilation = (await this.#ask(message)) as Compilation;
    this.#archived.push(...compilation.archived);
    const { module } = compilation.metadata;
    if (module) this.#modules.set(module, message);
    return compilation;
  }

  /** The content of the reply to a Jupyter request about code; rejects as `compile`. */
  answer(request: Omit<AnswerRequest, "kind">): Promise<object> {
    return this.#ask({ id: ++this.#lastId, kind: "answer", ...request });
  }

  /** Gives up what the compiler is at, which may never end by itself; the next request starts it anew. */
  interrupt() {
    if (!this.#run?.isReady || this.#waiting.size === 0) return;
    this.kill();
    this.#ended(this.#run, "interrupted");
  }

  /** The compiler's process. */
  get pid(): number | undefined {
    return this.#run?.process.pid;
  }

  /** Ends the compiler's process. */
  kill() {
    this.#run?.process.kill("SIGKILL");
    // A compiler that nobody has asked leaves it behind.
    rmSync(this.address, { force: true });
  }
}
