/** Where the main thread is while it blocks its event loop: read through the inspector, once, and only if asked. */

import { MainThreadSession, readStack, type StackFrame } from "../../inspector";

export interface BlockingPlace {
  /** The innermost function of a cell on the stack; "" for the cell's own code. */
  function: string;
  /** How people call the cell: `cell 3`; or the path of a `.ts` file relative to the notebook. */
  cell: string;
  /** From 1. */
  line: number;
}

/** Runs in the main thread, which alone knows the way from a compiled position to the reader's. */
function firstOfReader(frames: StackFrame[]) {
  const holder = globalThis as { [key: symbol]: unknown };
  const cells = holder[Symbol.for("kernel-helpers.cells")] as import("../session/cell-scripts").CellScripts;
  for (const { name, file, line, column } of frames) {
    const cell = cells.get(file);
    const origin = cell?.origin(line + 1, column + 1);
    if (cell && origin) return { function: name, cell: cell.label, line: origin.line };
  }
  return undefined;
}

async function search(session: MainThreadSession): Promise<BlockingPlace | undefined> {
  const frames = await readStack(session);
  const expression = `(${firstOfReader})(${JSON.stringify(frames)})`;
  const { result } = await session.post("Runtime.evaluate", { expression, returnByValue: true });
  return result.value;
}

/** Reads where the main thread is, if it runs JavaScript: a wait in Node or in a child process has no place. Returns what ends the search. */
export function findBlockingPlace(found: (place: BlockingPlace) => void): () => void {
  const session = new MainThreadSession();
  search(session)
    .then((place) => place && found(place))
    .catch(() => {
      // The search was ended: the loop turns again.
    })
    .finally(() => session.close());
  return () => session.close();
}
