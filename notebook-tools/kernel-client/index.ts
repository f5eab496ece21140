/** Kernels without Python: find their kernelspecs, start them, talk to them over ZeroMQ, end them. */
export { removeLeftConnectionFiles } from "./connection";
export { KernelDiedError, KernelStartError, KernelspecError, KernelTimeoutError } from "./errors";
export type { ExecuteOptions } from "./execute";
export { dataDirs, sharedDataDirs } from "./jupyter-paths";
export {
  type Kernel,
  type KernelOptions,
  type RequestOptions,
  type ShutdownOptions,
  startKernel,
} from "./kernel";
export {
  findKernelspec,
  findKernelspecs,
  findKernelspecsIn,
  type Kernelspec,
} from "./kernelspecs";
export type {
  Channel,
  ExecuteOutcome,
  Frames,
  Header,
  KernelExit,
  KernelInfo,
  Message,
} from "./messages";
export { decode, encode, newHeader } from "./wire";
