import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { bundle, type Playground, project } from "./playground";

export { bundle };

/** `npm start`'s own program, in a process of its own. */
export interface ServerProcess {
  readonly child: ChildProcess;
  /** What it has printed so far, both streams. */
  printed(): string;
  /** The address with the token, once it is ready; rejects when the process ends before. */
  address(): Promise<string>;
  /** Resolves with the exit code, or the signal that ended it. */
  ended: Promise<number | string>;
}

export function startServer(play: Playground, ...args: string[]): ServerProcess {
  const main = path.join(project, "lab", "server", "dist", "main.js");
  const child = spawn(process.execPath, [main, "--root", play.root, "--user", play.user, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  let look = () => {};
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part) => {
      text += part;
      look();
    });
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  return {
    child,
    printed: () => text,
    ended,
    address: () =>
      new Promise((resolve, reject) => {
        look = () => {
          const found = /http:\/\/\S+token=\w+(?=\s)/.exec(text);
          if (found) resolve(found[0]);
        };
        look();
        void ended.then((how) =>
          reject(new Error(`the server ended (${how}) before it was ready:\n${text}`)),
        );
      }),
  };
}
