/** A value that cannot go to another thread; thrown before the task is queued. */
export class DataCloneError extends TypeError {
  override name = "DataCloneError";
  /** Where the value is, e.g. `task → helper → socket.handle`. */
  readonly path: string;

  constructor(path: string, what: string, wayOut: string) {
    super(`${path} is ${what}, which cannot go to another thread. ${wayOut}`);
    this.path = path;
  }
}
