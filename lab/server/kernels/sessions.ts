import { randomUUID } from "node:crypto";
import path from "node:path";
import { HttpError } from "../http/errors";
import type { Reply } from "../http/reply";
import type { Call, Route } from "../http/router";
import type { Kernels } from "./kernels";
import { folderOf } from "./routes";

/** Which document uses which kernel. */
interface Session {
  readonly id: string;
  path: string;
  name: string;
  type: string;
  kernelId: string;
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** `/api/sessions`: a session ties a document's path to its kernel; two of one path share it. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #starting = new Map<string, Promise<Session>>();

  constructor(
    readonly root: string,
    readonly kernels: Kernels,
  ) {}

  readonly routes: readonly Route[] = [
    ["GET", "/api/sessions", "The documents with a kernel", () => this.#list()],
    ["POST", "/api/sessions", "Give a document a kernel", (call) => this.#create(call)],
    [
      "GET",
      "/api/sessions/{id}",
      "A document and its kernel",
      (call) => ({ json: this.#model(this.#get(call)) }),
    ],
    ["PATCH", "/api/sessions/{id}", "Rename, or change the kernel", (call) => this.#change(call)],
    ["DELETE", "/api/sessions/{id}", "Shut the document's kernel down", (call) => this.#remove(call)],
  ];

  #model(session: Session) {
    const { kernelId, ...rest } = session;
    const notebook = { path: session.path, name: session.name };
    return { ...rest, kernel: this.kernels.model(kernelId), notebook };
  }

  /** A session lives as long as its kernel. */
  #living(): Session[] {
    for (const [id, { kernelId }] of this.#sessions)
      if (!this.kernels.find(kernelId)) this.#sessions.delete(id);
    return [...this.#sessions.values()];
  }

  #list(): Reply {
    return { json: this.#living().map((session) => this.#model(session)) };
  }

  #get({ params }: Call): Session {
    const session = this.#living().find(({ id }) => id === params.id);
    if (!session) throw new HttpError(404, `There is no session with the id ${params.id}`);
    return session;
  }

  async #kernelFor(wanted: unknown, documentPath: string): Promise<string> {
    const { id, name } = (wanted ?? {}) as { id?: unknown; name?: unknown };
    if (typeof id === "string") return this.kernels.get(id).id;
    const kernel = await this.kernels.start(textOf(name), await folderOf(this.root, documentPath));
    return kernel.id;
  }

  async #open(body: Record<string, unknown>, documentPath: string): Promise<Session> {
    const session = {
      id: randomUUID(),
      path: documentPath,
      name: textOf(body.name) ?? path.posix.basename(documentPath),
      type: textOf(body.type) ?? "notebook",
      kernelId: await this.#kernelFor(body.kernel, documentPath),
    };
    this.#sessions.set(session.id, session);
    return session;
  }

  async #create(call: Call): Promise<Reply> {
    const body = await call.body();
    const documentPath = textOf(body.path);
    if (documentPath === undefined) throw new HttpError(400, 'A session needs {"path": "<document>"}.');
    const existing = this.#living().find((session) => session.path === documentPath);
    const opened = existing ?? this.#starting.get(documentPath) ?? this.#open(body, documentPath);
    if (opened instanceof Promise) {
      this.#starting.set(documentPath, opened);
      void opened.finally(() => this.#starting.delete(documentPath)).catch(() => {});
    }
    const session = await opened;
    return { status: 201, json: this.#model(session), headers: { Location: `/api/sessions/${session.id}` } };
  }

  async #change(call: Call): Promise<Reply> {
    const session = this.#get(call);
    const body = await call.body();
    session.path = textOf(body.path) ?? session.path;
    session.name = textOf(body.name) ?? session.name;
    session.type = textOf(body.type) ?? session.type;
    const { id, name } = (body.kernel ?? {}) as { id?: unknown; name?: unknown };
    // One that names no kernel leaves the session its own, with all that is in its memory.
    if (typeof id === "string" || typeof name === "string") {
      const before = session.kernelId;
      session.kernelId = await this.#kernelFor(body.kernel, session.path);
      const isUsed = this.#living().some(({ kernelId }) => kernelId === before);
      if (!isUsed) await this.kernels.shutdown(before);
    }
    return { json: this.#model(session) };
  }

  async #remove(call: Call): Promise<Reply> {
    const { id, kernelId } = this.#get(call);
    this.#sessions.delete(id);
    await this.kernels.shutdown(kernelId);
    return { status: 204 };
  }
}
