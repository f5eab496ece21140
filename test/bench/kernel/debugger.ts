/** What a debugger costs: a kernel that never had one, in turn with one whose debugger has gone, and with one attached. */

import { Kernel } from "../../kernel/client.ts";
import { median } from "../measure.ts";

const rounds = 10;
const cellsPerRound = 5;

const prepare = `import { toThread } from "kernel-helpers";
const plusOne = (n: number) => n + 1;
const roundTrip = async (calls: number) => {
  const before = performance.now();
  for (let i = 0; i < calls; i++) await toThread(plusOne, i);
  return ((performance.now() - before) / calls) * 1000;
};
await roundTrip(500);`;

export interface Costs {
  /** ms a cell. */
  cell: number;
  /** µs a call of `toThread`. */
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
    for (let i = 0; i < cellsPerRound; i++) {
      const before = performance.now();
      await this.kernel.run(`const c${this.#count++} = ${i}`);
      this.#cells.push(performance.now() - before);
    }
    const answer = await this.kernel.run("await roundTrip(300)");
    const result = answer.published.find(({ header }) => header.msg_type === "execute_result");
    this.#calls.push(Number(result?.content.data["text/plain"]));
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
