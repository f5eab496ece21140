import { randomUUID } from "node:crypto";
import path from "node:path";
import { type Call, HttpError, type Route } from "../http/router";
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
export function sessionRoutes(root: string, kernels: Kernels): Route[] {
  const sessions = new Map<string, Session>();
  const starting = new Map<string, Promise<Session>>();

  function model(session: Session) {
    const { kernelId, ...rest } = session;
    const notebook = { path: session.path, name: session.name };
    return { ...rest, kernel: kernels.get(kernelId).model(), notebook };
  }

  /** A session lives as long as its kernel. */
  function living(): Session[] {
    const ids = new Set(kernels.list().map(({ id }) => id));
    for (const [id, session] of sessions) if (!ids.has(session.kernelId)) sessions.delete(id);
    return [...sessions.values()];
  }

  function sessionOf({ params }: Call): Session {
    const session = living().find(({ id }) => id === params[0]);
    if (!session) throw new HttpError(404, `There is no session with the id ${params[0]}`);
    return session;
  }

  async function kernelFor(wanted: unknown, documentPath: string): Promise<string> {
    const { id, name } = (wanted ?? {}) as { id?: unknown; name?: unknown };
    if (typeof id === "string") return kernels.get(id).id;
    const kernel = await kernels.start(textOf(name), await folderOf(root, documentPath));
    return kernel.id;
  }

  async function open(body: Record<string, unknown>, documentPath: string): Promise<Session> {
    const session = {
      id: randomUUID(),
      path: documentPath,
      name: textOf(body.name) ?? path.posix.basename(documentPath),
      type: textOf(body.type) ?? "notebook",
      kernelId: await kernelFor(body.kernel, documentPath),
    };
    sessions.set(session.id, session);
    return session;
  }

  async function create(call: Call) {
    const body = await call.body();
    const documentPath = textOf(body.path);
    if (documentPath === undefined) throw new HttpError(400, 'A session needs {"path": "<document>"}.');
    const existing = living().find((session) => session.path === documentPath);
    const opened = existing ?? starting.get(documentPath) ?? open(body, documentPath);
    if (opened instanceof Promise) {
      starting.set(documentPath, opened);
      void opened.finally(() => starting.delete(documentPath)).catch(() => {});
    }
    return { status: 201, json: model(await opened) };
  }

  async function change(call: Call) {
    const session = sessionOf(call);
    const body = await call.body();
    session.path = textOf(body.path) ?? session.path;
    session.name = textOf(body.name) ?? session.name;
    session.type = textOf(body.type) ?? session.type;
    if (body.kernel) {
      const before = session.kernelId;
      session.kernelId = await kernelFor(body.kernel, session.path);
      const isUsed = living().some(({ kernelId }) => kernelId === before);
      if (!isUsed) await kernels.shutdown(before);
    }
    return { json: model(session) };
  }

  async function remove(call: Call) {
    const { id, kernelId } = sessionOf(call);
    sessions.delete(id);
    await kernels.shutdown(kernelId);
    return { status: 204 };
  }

  return [
    ["GET", /^\/api\/sessions$/, () => ({ json: living().map(model) })],
    ["POST", /^\/api\/sessions$/, create],
    ["GET", /^\/api\/sessions\/([^/]+)$/, (call) => ({ json: model(sessionOf(call)) })],
    ["PATCH", /^\/api\/sessions\/([^/]+)$/, change],
    ["DELETE", /^\/api\/sessions\/([^/]+)$/, remove],
  ];
}
