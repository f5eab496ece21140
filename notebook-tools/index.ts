/** Read, run, check and export Jupyter notebooks; works with any Jupyter kernel. */
export * from "./export";
export * from "./kernel-client";
export * from "./nbformat";
export * from "./run";
