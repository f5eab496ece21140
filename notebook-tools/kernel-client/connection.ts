/** The connection file: five free ports and a key, by which kernel and client find each other. */
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KernelStartError } from "./errors";

export interface Connection {
  transport: "tcp";
  ip: string;
  shell_port: number;
  iopub_port: number;
  stdin_port: number;
  control_port: number;
  hb_port: number;
  key: string;
  signature_scheme: "hmac-sha256";
  kernel_name: string;
}

const host = "127.0.0.1";

/**
 * Below the ports that systems hand out by themselves (Linux from 32768, macOS and Windows from 49152): in the
 * moment before the kernel binds, any outgoing connection on the machine could take one of those.
 */
const [firstPort, lastPort] = [20_000, 32_000];
/** More ports than could all be in use by chance. */
const mostTries = 1000;

/** A server on the port; null where the port is taken. */
function listen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen(port, host, () => resolve(server));
  });
}

const close = (server: Server): Promise<unknown> => new Promise((done) => server.close(done));

/** Ports that were free a moment ago. Held open together, so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Map<number, Server>();
  for (let tries = 0; found.size < count && tries < mostTries; tries++) {
    const port = randomInt(firstPort, lastPort);
    const server = found.has(port) ? null : await listen(port);
    if (server) found.set(port, server);
  }
  await Promise.all([...found.values()].map(close));
  if (found.size < count)
    throw new KernelStartError(`No free ports for a kernel between ${firstPort} and ${lastPort}.`);
  return [...found.keys()];
}

/** Whether somebody holds one of the ports now. */
export async function isAnyTaken({
  shell_port,
  iopub_port,
  stdin_port,
  control_port,
  hb_port,
}: Connection): Promise<boolean> {
  for (const port of [shell_port, iopub_port, stdin_port, control_port, hb_port]) {
    const server = await listen(port);
    if (!server) return true;
    await close(server);
  }
  return false;
}

export async function newConnection(
  kernelName: string,
  ports: (count: number) => Promise<number[]> = freePorts,
): Promise<Connection> {
  const [shell, iopub, stdin, control, hb] = await ports(5);
  return {
    transport: "tcp",
    ip: host,
    shell_port: shell!,
    iopub_port: iopub!,
    stdin_port: stdin!,
    control_port: control!,
    hb_port: hb!,
    // Never empty: some kernels cannot sign with an empty key.
    key: randomUUID() + randomBytes(8).toString("hex"),
    signature_scheme: "hmac-sha256",
    kernel_name: kernelName,
  };
}

/** Writes the file where only this user can read it: its key lets anyone run code. Throws `KernelStartError`. */
export async function writeConnectionFile(
  connection: Connection,
): Promise<{ path: string; remove(): Promise<void> }> {
  let folder: string | undefined;
  const remove = async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  };
  try {
    folder = await mkdtemp(join(tmpdir(), `nb-kernel-${process.pid}-`));
    const path = join(folder, "connection.json");
    await writeFile(path, JSON.stringify(connection, null, 2), { mode: 0o600 });
    return { path, remove };
  } catch (error) {
    await remove();
    throw new KernelStartError(
      `No kernel could be started, because its connection file could not be written (${(error as Error).message}); see that the folder for temporary files, ${tmpdir()}, is there and has room.`,
    );
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Removes the connection files of clients that were killed and could not do it themselves. */
export async function removeLeftConnectionFiles(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  const left = names.filter((name) => {
    const pid = /^nb-kernel-(\d+)-/.exec(name)?.[1];
    return pid !== undefined && !isRunning(Number(pid));
  });
  // Another user's are not ours to remove.
  await Promise.allSettled(left.map((name) => rm(join(tmpdir(), name), { recursive: true, force: true })));
}
