import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { type Lab, type LabOptions, startLab } from "lab-server";

export const project = path.resolve(import.meta.dirname, "../..");
export const bundle = path.join(project, "lab", "app", "build");

/** A folder inside the project, so that its notebooks find the kernel and `kernel-helpers`; git ignores it. */
export interface Playground {
  readonly root: string;
  readonly user: string;
  /** Copies fixtures into the root. */
  put(...fixtures: string[]): void;
  remove(): void;
}

export function makePlayground(): Playground {
  const parent = path.join(project, "out", "test-lab");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(path.join(parent, "play-"));
  const root = path.join(folder, "root");
  mkdirSync(root);
  return {
    root,
    user: path.join(folder, "user"),
    put(...fixtures) {
      for (const name of fixtures)
        copyFileSync(path.join(import.meta.dirname, "fixtures", name), path.join(root, name));
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Client {
  readonly base: string;
  readonly lab: Lab;
  /** A request with the token; `body` is sent as JSON. */
  call(method: string, address: string, body?: unknown): Promise<Response>;
  /** The JSON of an answer that must have `status`. */
  json<T = Record<string, unknown>>(
    method: string,
    address: string,
    body?: unknown,
    status?: number,
  ): Promise<T>;
}

/** The real server, in this process, on any free port. */
export async function openLab({ root, user }: Playground, more: Partial<LabOptions> = {}): Promise<Client> {
  const lab = await startLab({ root, bundle, userFolder: user, port: 0, ...more });
  const base = `http://127.0.0.1:${lab.port}`;
  const call = (method: string, address: string, body?: unknown) =>
    fetch(base + address, {
      method,
      headers: { Authorization: `token ${lab.token}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  return {
    base,
    lab,
    call,
    async json<T>(method: string, address: string, body?: unknown, status = 200) {
      const answer = await call(method, address, body);
      const text = await answer.text();
      if (answer.status !== status)
        throw new Error(`${method} ${address}: expected ${status}, got ${answer.status}: ${text}`);
      return JSON.parse(text) as T;
    },
  };
}
