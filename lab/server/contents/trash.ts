import { accessSync, constants, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { HttpError } from "../http/errors";

/** Whether this system has a trash that this user may fill. macOS and Windows always have one. */
export function hasTrash(): boolean {
  if (process.platform === "darwin" || process.platform === "win32") return true;
  try {
    const data = process.env.XDG_DATA_HOME || path.join(homedir(), ".local", "share");
    mkdirSync(data, { recursive: true, mode: 0o700 });
    accessSync(data, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Moves a file, a folder or a link to the trash. Throws `HttpError` 500 when that fails; it is then where it was. */
export async function moveToTrash(file: string, apiPath: string): Promise<void> {
  const { default: trash } = await import("trash");
  try {
    // A name with brackets is a name, not a pattern.
    await trash(file, { glob: false });
  } catch {
    throw new HttpError(
      500,
      `${apiPath} could not be moved to the trash, and stays. Start the server with --no-trash to delete it for ever.`,
    );
  }
}

export const deleteForEver = (file: string): Promise<void> => rm(file, { recursive: true });
