/** The connection file: five free ports and a key, by which kernel and client find each other. */
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

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

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, host, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** Ports that were free a moment ago. Held open together, so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map(portOf);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
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

/** Writes the file where only this user can read it: its key lets anyone run code. */
export async function writeConnectionFile(
  connection: Connection,
): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "nb-kernel-"));
  const path = join(folder, "connection.json");
  await writeFile(path, JSON.stringify(connection, null, 2), { mode: 0o600 });
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}
