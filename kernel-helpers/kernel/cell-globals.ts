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

  /** Of which Node has the values, and neither its types nor TypeScript's library without a browser the declarations. */
  namespace WebAssembly {
    type Bytes = ArrayBufferView<ArrayBuffer> | ArrayBuffer;
    // biome-ignore lint/suspicious/noExplicitAny: what a module exports is known to whoever wrote it
    type Exports = Record<string, any>;
    type Imports = Record<string, Record<string, unknown>>;
    type Sort = "function" | "global" | "memory" | "table" | "tag";
    class Module {
      constructor(bytes: Bytes);
      static customSections(module: Module, name: string): ArrayBuffer[];
      static exports(module: Module): { name: string; kind: Sort }[];
      static imports(module: Module): { module: string; name: string; kind: Sort }[];
    }
    class Instance {
      constructor(module: Module, imports?: Imports);
      readonly exports: Exports;
    }
    class Memory {
      constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
      readonly buffer: ArrayBuffer;
      grow(pages: number): number;
    }
    class Table {
      constructor(
        descriptor: { element: "anyfunc" | "externref"; initial: number; maximum?: number },
        value?: unknown,
      );
      readonly length: number;
      // biome-ignore lint/suspicious/noExplicitAny: a function or whatever was put there
      get(index: number): any;
      grow(by: number, value?: unknown): number;
      set(index: number, value?: unknown): void;
    }
    class Global {
      constructor(
        descriptor: { value: "i32" | "i64" | "f32" | "f64" | "externref" | "anyfunc"; mutable?: boolean },
        value?: unknown,
      );
      // biome-ignore lint/suspicious/noExplicitAny: as its descriptor says
      value: any;
    }
    class CompileError extends Error {}
    class LinkError extends Error {}
    class RuntimeError extends Error {}
    function validate(bytes: Bytes): boolean;
    function compile(bytes: Bytes): Promise<Module>;
    function compileStreaming(source: Response | PromiseLike<Response>): Promise<Module>;
    function instantiate(bytes: Bytes, imports?: Imports): Promise<{ instance: Instance; module: Module }>;
    function instantiate(module: Module, imports?: Imports): Promise<Instance>;
    function instantiateStreaming(
      source: Response | PromiseLike<Response>,
      imports?: Imports,
    ): Promise<{ instance: Instance; module: Module }>;
  }
}
