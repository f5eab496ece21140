/** Tells the debugger of scripts before they run, if one is attached: their breakpoints are set first. */

import type { CompiledScript } from "../compiler/protocol";
import type { Shared } from "../thread-protocol";
import type { Output } from "./output";

export class ScriptAnnouncer {
  readonly #waiting = new Map<number, () => void>();
  #last = 0;

  constructor(
    private readonly output: Output,
    private readonly shared: Shared,
  ) {}

  async announce(scripts: CompiledScript[]): Promise<void> {
    if (!this.shared.isDebugged || scripts.length === 0) return;
    const ready = ++this.#last;
    this.output.send({ kind: "scripts", ready, scripts });
    await new Promise<void>((resolve) => this.#waiting.set(ready, resolve));
  }

  /** The debugger has set the breakpoints. */
  heard(ready: number) {
    this.#waiting.get(ready)?.();
    this.#waiting.delete(ready);
  }
}
