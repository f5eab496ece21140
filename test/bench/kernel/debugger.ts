/**
 * What a debugger costs: a kernel that never had one, in turn with one whose debugger has gone, and with one attached.
 * By CPU time of the whole process: by the clock, two kernels of the same kind differ threefold on a busy machine.
 */

import { Kernel } from "../../kernel/client.ts";
import { median } from "../measure.ts";

const rounds = 20;
const cellsPerRound = 5;

const prepare = `import { toThread } from "kernel-helpers";
const cpu = () => { const { user, system } = process.cpuUsage(); return user + system; };
const plusOne = (n: number) => n + 1;
const roundTrip = async (calls: number) => {
  const before = cpu();
  for (let i = 0; i < calls; i++) await toThread(plusOne, i);
  return (cpu() - before) / calls;
};
await roundTrip(500);`;

export interface Costs {
  /** CPU ms a cell. */
  cell: number;
  /** CPU µs a call of `toThread`. */
  call: number;
}

class Measured {
  readonly #cells: number[] = [];
  readonly #calls: number[] = [];
  #count = 0;

  readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  ask(command: string) {
    return this.kernel.ask("debug_request", { type: "request", seq: 1, command, arguments: {} }, "control");
  }

  async round(): Promise<void> {
    const before = await this.#number("cpu()");
    for (let i = 0; i < cellsPerRound; i++) await this.kernel.run(`const c${this.#count++} = ${i}`);
    this.#cells.push(((await this.#number("cpu()")) - before) / (cellsPerRound + 1) / 1000);
    this.#calls.push(await this.#number("await roundTrip(300)"));
  }

  async #number(code: string): Promise<number> {
    const { published } = await this.kernel.run(code);
    const result = published.find(({ header }) => header.msg_type === "execute_result");
    return Number(result?.content.data["text/plain"]);
  }

  get costs(): Costs {
    return { cell: median(this.#cells), call: median(this.#calls) };
  }
}

/** Medians, measured in turn. */
export async function debuggerCosts(): Promise<Record<"never" | "gone" | "attached", Costs>> {
  await using first = await Kernel.start();
  await using second = await Kernel.start();
  await using third = await Kernel.start();
  const never = new Measured(first);
  const gone = new Measured(second);
  const attached = new Measured(third);
  for (const { kernel } of [never, gone, attached]) await kernel.run(prepare);
  for (const each of [gone, attached]) await each.ask("attach");
  await gone.ask("disconnect");
  for (let round = 0; round < rounds; round++) for (const each of [never, gone, attached]) await each.round();
  return { never: never.costs, gone: gone.costs, attached: attached.costs };
}
