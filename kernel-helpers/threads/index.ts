/** To the thread and back: executors, futures, contexts, errors. */
export * from "./context";
export * from "./travel";
