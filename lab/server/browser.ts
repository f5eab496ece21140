import { spawn } from "node:child_process";

/** The command that opens an address in the person's browser, or `null` where there is none to see it. */
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

/** Opens the browser if there is one; the address was printed, so that it may fail in silence. */
export function openBrowser(address: string): void {
  const command = browserCommand(address, process.env, process.platform);
  if (!command) return;
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
