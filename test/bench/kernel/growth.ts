/** Notebooks of many cells: what the 300th costs beside the 10th, and what is in memory after 500. */

import { Kernel } from "../../kernel/client.ts";
import { median } from "../measure.ts";
import { residentMegabytes } from "./memory.ts";

const cells = 500;
/** The cells around the 10th and the 300th whose median counts. */
const around = (cell: number) => [cell - 5, cell + 5] as const;

const typical = (i: number) =>
  `const v${i}: number = ${i}; interface I${i} { a: number; b?: string } ` +
  `function f${i}(x: I${i}): number { return x.a + v${i} } class C${i} { n = f${i}({ a: 1 }) } v${i}`;

export interface Growth {
  /** The 300th : the 10th. */
  ratio: number;
  at10: number;
  at300: number;
  megabytes: number;
}

/** The cells of both kernels in turn, so that a busy moment hits each alike. */
export async function growth(kinds: Record<string, readonly string[]>): Promise<Record<string, Growth>> {
  const started = await Promise.all(
    Object.entries(kinds).map(async ([name, argv]) => {
      return { name, kernel: await Kernel.start({ argv: [...argv] }), times: [] as number[] };
    }),
  );
  for (let i = 1; i <= cells; i++) {
    for (const { kernel, times } of started) {
      const before = performance.now();
      const id = await kernel.submit(typical(i));
      await kernel.until(() => kernel.of(id).find(({ header }) => header.msg_type === "execute_reply"));
      times.push(performance.now() - before);
    }
  }
  const found: Record<string, Growth> = {};
  for (const { name, kernel, times } of started) {
    const [at10, at300] = [10, 300].map((cell) => median(times.slice(...around(cell)))) as [number, number];
    found[name] = { at10, at300, ratio: at300 / at10, megabytes: residentMegabytes(kernel.process.pid!) };
    await kernel[Symbol.asyncDispose]();
  }
  return found;
}
