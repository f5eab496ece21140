import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A new secret, safe in an address, a cookie and a file. */
export const newSecret = (): string => randomBytes(24).toString("hex");

/** Writes a file that only this user can read, also where an older one could be read by others. */
export function writePrivately(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  rmSync(file, { force: true });
  writeFileSync(file, text, { mode: 0o600, flag: "wx" });
}

/** The secret kept in a file, a new one where there is none yet: it outlives the server, so that open pages do, too. */
export function keptSecret(file: string): string {
  try {
    const text = readFileSync(file, "utf8").trim();
    if (/^[0-9a-f]{48}$/.test(text)) return text;
  } catch {
    // Not there, or not to be read: a new one takes its place.
  }
  const secret = newSecret();
  writePrivately(file, `${secret}\n`);
  return secret;
}
