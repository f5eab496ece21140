/** What a kernel says of itself, also where JupyterLab's own question was lost. */
import type { Kernel, KernelMessage } from "@jupyterlab/services";

/** After so many ms without an answer a kernel is asked again, then after twice as many. */
const firstMs = 1000;

/**
 * Asks a kernel until an answer is heard, with the `idle` behind it. A server that begins to listen to a kernel, as at
 * each start, misses what the kernel says meanwhile. Never resolves where the kernel goes, or once `signal` is aborted.
 */
export function askKernel(
  kernel: Kernel.IKernelConnection,
  signal?: AbortSignal,
): Promise<KernelMessage.IInfoReply> {
  return new Promise((resolve) => {
    let isDone = false;
    const ask = (waitMs: number) => {
      if (isDone || kernel.isDisposed || signal?.aborted) return;
      const heard = (reply: KernelMessage.IInfoReplyMsg | undefined) => {
        isDone ||= reply !== undefined;
        if (reply) resolve(reply.content as KernelMessage.IInfoReply);
      };
      // It is refused while the connection is being made.
      kernel.requestKernelInfo().then(heard, () => {});
      setTimeout(ask, waitMs, 2 * waitMs);
    };
    ask(firstMs);
  });
}

/** What JupyterLab has heard, else what the kernel says when it is asked. */
export async function infoOf(kernel: Kernel.IKernelConnection): Promise<KernelMessage.IInfoReply> {
  const known = new AbortController();
  const later = new Promise((resolve) => setTimeout(resolve, firstMs));
  try {
    return await Promise.race([kernel.info, later.then(() => askKernel(kernel, known.signal))]);
  } finally {
    known.abort();
  }
}
