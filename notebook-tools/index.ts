/**
 * Read, run, check and export Jupyter notebooks; works with any Jupyter kernel.
 *
 * What is exported here is public, name by name; the rooms share more among themselves.
 */

// Pages.
export {
  type ExportNotebooksOptions,
  type ExportReport,
  type ExportSiteOptions,
  exportHtml,
  exportMarkdown,
  exportNotebooks,
  exportScript,
  exportSite,
  imagesBelow,
} from "./export";
// Kernels: found, started, talked to.
// The wire, for who passes messages on, as a server does.
export {
  type Channel,
  decode,
  type ExecuteOptions,
  type ExecuteOutcome,
  encode,
  type Frames,
  findKernelspec,
  findKernelspecs,
  findKernelspecsIn,
  type Header,
  type Kernel,
  KernelDiedError,
  type KernelExit,
  type KernelInfo,
  type KernelOptions,
  KernelStartError,
  type Kernelspec,
  KernelspecError,
  KernelTimeoutError,
  type Message,
  newHeader,
  type RequestOptions,
  removeLeftConnectionFiles,
  type ShutdownOptions,
  sharedDataDirs,
  startKernel,
} from "./kernel-client";
// Notebook files: read, checked, edited without noise, written whole or not at all.
export {
  type Cell,
  type CodeCell,
  checkNotebook,
  findNotebooks,
  joinStreams,
  type MarkdownCell,
  type MimeBundle,
  multilineText,
  type Notebook,
  NotebookDocument,
  NotebookError,
  notebookText,
  type Output,
  type Problem,
  parseNotebook,
  type RawCell,
  readNotebook,
  sourceText,
  validateNotebook,
  writeAtomically,
} from "./nbformat";
// Runs: many notebooks, each cell reported, nothing that failed taken for passed.
export {
  type CellResult,
  type CellStatus,
  type Failure,
  type FailureKind,
  type Listener,
  type NotebookResult,
  type NotebookStatus,
  type RunEvent,
  type RunOptions,
  type RunResult,
  runNotebooks,
} from "./run";
