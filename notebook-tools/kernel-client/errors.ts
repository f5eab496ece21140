/** How a kernel can fail its client, each in one sentence with the way out. */
import { join } from "node:path";
import type { KernelExit } from "./process";

/** No kernelspec of that name, or an unreadable one. */
export class KernelspecError extends Error {
  override name = "KernelspecError";
}

/** The kernel did not come up. */
export class KernelStartError extends Error {
  override name = "KernelStartError";
}

/** The kernel's process ended while something was asked of it. */
export class KernelDiedError extends Error {
  override name = "KernelDiedError";
  constructor(readonly exit: KernelExit) {
    super(`The kernel died: ${exit.reason}.`);
  }
}

/** No answer within the time allowed. */
export class KernelTimeoutError extends Error {
  override name = "KernelTimeoutError";
}

/** What was found in place of a kernel. */
interface Search {
  /** The kernels that there are. */
  available: readonly string[];
  /** The data folders that were searched. */
  folders: readonly string[];
  /** Environments beside the notebook that have kernels, but are not active. */
  inactive: readonly string[];
}

export function noSuchKernel(name: string, { available, folders, inactive }: Search): KernelspecError {
  const choice = available.length > 0 ? `There are: ${available.join(", ")}.` : "No kernel is installed.";
  const hint =
    inactive.length > 0 ? ` An environment with kernels is not active: ${inactive.join(", ")}.` : "";
  return new KernelspecError(
    `There is no kernel named "${name}". ${choice}${hint} Name one with --kernel, or install the kernel, so that its kernelspec is in ${folders.map((folder) => join(folder, "kernels")).join(" or ")}.`,
  );
}
