/** A debugger's side of the Debug Adapter Protocol, over the control channel of a kernel. */

import { afterAll, afterEach, beforeAll } from "vitest";
import { Kernel } from "./client";

// biome-ignore lint/suspicious/noExplicitAny: each command has its own shape
type Body = any;

export class DebugClient {
  #seq = 0;
  /** How many events have been taken. */
  #taken = 0;

  readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** The whole reply. */
  async ask(command: string, args: object = {}): Promise<Body> {
    const content = { type: "request", seq: ++this.#seq, command, arguments: args };
    const id = await this.kernel.send("debug_request", content, "control");
    return this.kernel.until(() => this.kernel.of(id, "debug_reply")[0]?.content);
  }

  /** The body of a reply that must be a success. */
  async do(command: string, args: object = {}): Promise<Body> {
    const reply = await this.ask(command, args);
    if (!reply.success) throw new Error(`${command}: ${reply.message}`);
    return reply.body;
  }

  /** Begins anew: events of earlier tests are forgotten. */
  async attach(clientID = "test"): Promise<void> {
    this.#taken = this.kernel.received.filter(({ header }) => header.msg_type === "debug_event").length;
    await this.do("initialize", { clientID });
    await this.do("attach");
  }

  /** Shows the code of a cell, and sets breakpoints on its lines. */
  async breakAt(code: string, ...breakpoints: (number | object)[]): Promise<Body[]> {
    const { sourcePath } = await this.do("dumpCell", { code });
    const requested = breakpoints.map((each) => (typeof each === "number" ? { line: each } : each));
    const reply = await this.do("setBreakpoints", { source: { path: sourcePath }, breakpoints: requested });
    return reply.breakpoints;
  }

  /** The next event of this name that has not been taken. */
  async event(name: string): Promise<Body> {
    return this.kernel.until((received) => {
      const events = received.filter(({ header }) => header.msg_type === "debug_event");
      const index = events.findIndex(({ content }, at) => at >= this.#taken && content.event === name);
      if (index < 0) return undefined;
      this.#taken = index + 1;
      return events[index]!.content.body;
    });
  }

  /** Waits until a thread stops; where, and why. */
  async stopped(): Promise<{
    reason: string;
    threadId: number;
    frames: Body[];
    place: string;
    text?: string;
  }> {
    const { threadId, reason, text } = await this.event("stopped");
    const { stackFrames: frames } = await this.do("stackTrace", { threadId });
    const [top] = frames;
    return { reason, threadId, frames, place: `${top.name} ${top.line}`, text };
  }

  /** The variables of a frame's scope, by name. */
  async scope(frameId: number, name = "Local"): Promise<Record<string, Body>> {
    const { scopes } = await this.do("scopes", { frameId });
    const scope = scopes.find((each: Body) => each.name === name);
    return this.children(scope.variablesReference);
  }

  async children(variablesReference: number, page: object = {}): Promise<Record<string, Body>> {
    const { variables } = await this.do("variables", { variablesReference, ...page });
    return Object.fromEntries(variables.map((each: Body) => [each.name, each]));
  }
}

/** A kernel for all tests of a file, debugged in each anew. */
export function debugged() {
  let started: Kernel;
  const kernel = new Proxy({} as Kernel, {
    get: (_, name) => {
      const value: unknown = Reflect.get(started, name);
      return typeof value === "function" ? value.bind(started) : value;
    },
  });
  const client = new DebugClient(kernel);
  beforeAll(async () => {
    started = await Kernel.start();
  });
  afterEach(async () => {
    await client.do("setExceptionBreakpoints", { filters: [] });
    await client.do("disconnect");
  });
  afterAll(async () => {
    await started?.[Symbol.asyncDispose]();
  });

  /** Attaches and runs a cell that stops at these breakpoints. */
  const runTo = async (code: string, ...breakpoints: (number | object)[]) => {
    await client.attach();
    await client.breakAt(code, ...breakpoints);
    const id = await kernel.submit(code);
    return { id, ...(await client.stopped()) };
  };

  /** Lets a thread go on, and waits for the end of the cell. */
  const finish = async ({ id, threadId }: { id: string; threadId: number }) => {
    await client.do("continue", { threadId });
    return kernel.answer(id);
  };
  return { kernel, client, runTo, finish };
}
