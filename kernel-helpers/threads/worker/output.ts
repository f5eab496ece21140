import { currentTask, post } from "./worker-context";

/** In a worker: what is written to stdout and stderr goes to the loop at once, even if the worker blocks then. */
export function sendOutput(): void {
  redirect(process.stdout, 1);
  redirect(process.stderr, 2);
}

function redirect(stream: NodeJS.WriteStream, fd: 1 | 2): void {
  const write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    // Bytes go as they are: a chunk may end in the middle of a character.
    post({ kind: "output", fd, text: chunk, task: currentTask()?.id ?? 0 });
    const callback = typeof encoding === "function" ? encoding : done;
    if (typeof callback === "function") queueMicrotask(callback as () => void);
    return true;
  };
  stream.write = write as typeof stream.write;
}
