import type { Server } from "node:http";

const host = "127.0.0.1";
/** So many ports are tried, one after the other, before giving up. */
const attempts = 100;

function listenOn(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}

function explain(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === "EADDRINUSE")
    return new Error(
      `Port ${port} is in use. Choose another with --port, or leave --port out to take the next free one.`,
    );
  if (error.code === "EACCES")
    return new Error(`Port ${port} may not be used without more rights. Choose one above 1023.`);
  return error;
}

/** Listens on 127.0.0.1 and returns the port: `port`, or with `next` the first free one from there on. */
export async function listen(server: Server, port: number, next: boolean): Promise<number> {
  for (let candidate = port; ; candidate++) {
    try {
      return await listenOn(server, candidate);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (!(next && isTaken && candidate < port + attempts))
        throw explain(error as NodeJS.ErrnoException, port);
    }
  }
}
