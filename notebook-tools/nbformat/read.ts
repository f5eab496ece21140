import { readFile } from "node:fs/promises";
import type { NotebookDocument } from "./document";
import { NotebookError } from "./errors";
import { parseNotebook } from "./parse";

/**
 * Reads a notebook file.
 * @throws NotebookError when it cannot be read, is not UTF-8, not JSON, or not nbformat 2 to 4.5
 */
export async function readNotebook(file: string): Promise<NotebookDocument> {
  return parseNotebook(await readNotebookText(file), file);
}

/**
 * Reads the text of a notebook file.
 * @throws NotebookError when it cannot be read, or is not UTF-8
 */
export async function readNotebookText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new NotebookError(READ_FAULTS[error.code ?? ""] ?? `cannot be read (${error.message}).`, { file });
  });
  const text = decodeNotebook(bytes, file);
  release(bytes);
  return text;
}

/** The least size of a buffer that is surely not shared, in bytes. */
const sharedSize = 2 ** 20;

/** Gives the memory back now: 100 MB that nobody needs would wait long for the garbage collector. */
function release({ buffer, byteLength }: Uint8Array): void {
  // A small file may lie in a buffer that it shares with others. Node has `transfer` since 21.
  if (byteLength === buffer.byteLength && byteLength > sharedSize) (buffer as Transferable).transfer?.(0);
}

type Transferable = ArrayBufferLike & { transfer?(byteLength: number): ArrayBuffer };

const READ_FAULTS: Record<string, string> = {
  ENOENT: "there is no such file; check the path.",
  EISDIR: "is a folder, expected a notebook file.",
  EACCES: "may not be read; check its permissions.",
};

/**
 * The text of a notebook from its bytes.
 * @throws NotebookError when they are not UTF-8
 */
export function decodeNotebook(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const isLong = (error as NodeJS.ErrnoException).code === "ERR_STRING_TOO_LONG";
    const reason = isLong
      ? "is larger than the 512 MB that can be read; clear its outputs."
      : "is not UTF-8 text; save it as UTF-8.";
    throw new NotebookError(reason, { file });
  }
}
