/** What every cell finds without an import. The compiler reads the declarations; `session/` puts the values there. */

/** What goes with the data of a message of a comm. */
export interface CommOptions {
  metadata?: object;
  /** Bytes beside the JSON. */
  buffers?: Uint8Array[];
}

/** A message from the front end. */
export interface CommMessage {
  // biome-ignore lint/suspicious/noExplicitAny: each target has its own data
  data: any;
  buffers: Uint8Array[];
}

/** One end of a comm. */
export interface Comm {
  readonly id: string;
  readonly targetName: string;
  readonly closed: boolean;
  /** Called with each message of the front end; what it prints goes to the cell that has set it. */
  set onMessage(handler: ((message: CommMessage) => unknown) | undefined);
  /** Called once the front end has closed it. */
  set onClose(handler: ((message: CommMessage) => unknown) | undefined);
  /** Sends data that JSON can hold. Throws `Error` once the comm is closed. */
  send(data?: unknown, options?: CommOptions): void;
  /** Closes it on both sides; closing again does nothing. */
  close(data?: unknown): void;
}

declare global {
  /** Comms: messages between cells and the front end, such as those of widgets. */
  const Jupyter: {
    /**
     * Opens a comm to what the front end has registered as `target`. Its messages go on while no cell blocks the
     * loop. A front end that does not know the target closes the comm.
     *
     * @param data what JSON can hold; @param options metadata, and bytes that travel beside the data
     */
    openComm(target: string, data?: unknown, options?: CommOptions): Comm;
    /**
     * `opened` is called with each comm that the front end opens to `target`. Returns a function that takes the
     * registration back. Throws `TypeError` if `target` is no name or `opened` no function.
     */
    registerCommTarget(target: string, opened: (comm: Comm, message: CommMessage) => unknown): () => void;
  };

  /**
   * Asks the reader for a line of text, and waits; timers of the loop wait, too. Synchronous, as in browsers and Deno.
   *
   * @param message what is asked
   * @param defaultValue the answer where the reader gives none
   * @returns what the reader has typed
   *
   * Throws `StdinNotImplementedError` if the front end cannot ask, as in a headless run, or if the run of the
   * cell is over. An interrupt ends the wait.
   */
  function prompt(message?: unknown, defaultValue?: string): string;

  /** Asks the reader a question; true for `y` or `yes`. Throws as `prompt` does. */
  function confirm(message?: unknown): boolean;

  /** As `prompt`, for what must not be seen: the front end shows dots. */
  function promptSecret(message?: unknown): string;
}
