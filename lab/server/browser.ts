import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { writePrivately } from "./http/secrets";

/** The command that opens an address or a file in the person's browser, or `null` where there is none to see it. */
export function browserCommand(
  address: string,
  env: NodeJS.ProcessEnv,
  platform: string,
): [string, ...string[]] | null {
  if (env.CI || env.SSH_CONNECTION) return null;
  if (platform === "darwin") return ["open", address];
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler", address];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ["xdg-open", address] : null;
}

/**
 * Opens the browser if there is one; the address was printed, so that it may fail in silence. The list of
 * processes, which every user of the machine can read, shows only the name of a file that leads to the address.
 */
export function openBrowser(address: string, folder: string): void {
  const file = path.join(folder, `open-${process.pid}.html`);
  const command = browserCommand(file, process.env, process.platform);
  if (!command) return;
  writePrivately(
    file,
    `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<title>JupyterLab</title><meta http-equiv="refresh" content="0; url=${address}">
<a href="${address}">JupyterLab</a>\n`,
  );
  process.once("exit", () => rmSync(file, { force: true }));
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
