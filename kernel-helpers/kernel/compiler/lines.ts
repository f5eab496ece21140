import type { Socket } from "node:net";

/** Calls `take` for each line that comes; a connection that breaks is closed and says nothing. */
export function eachLine(socket: Socket, take: (line: string) => void) {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("error", () => undefined);
  socket.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) take(line);
  });
}
