/** Runs notebooks again when their files change. */
import { createHash } from "node:crypto";
import { type FSWatcher, readFileSync, watch } from "node:fs";
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Editors write a file in several steps; changes this close together are one, in ms. */
const quietMs = 150;

/** Of what a person edits: outputs, which a run writes, do not count. */
function fingerprint(file: string): string | null {
  try {
    return createHash("sha256")
      .update(editedPart(readFileSync(file, "utf8")))
      .digest("hex");
  } catch {
    return null; // Between the steps of an editor's save there may be no file.
  }
}

function editedPart(text: string): string {
  try {
    const { cells, metadata } = JSON.parse(text);
    const parts = cells.map(({ cell_type, source, metadata }: Record<string, unknown>) => [
      cell_type,
      source,
      metadata,
    ]);
    return JSON.stringify([parts, metadata]);
  } catch {
    return text; // Not a notebook just now; running it says so.
  }
}

/**
 * Calls `run` with all files, then with those whose content has changed since, one call at a time, until
 * `signal` aborts.
 * The outputs that `run` itself writes are no change.
 */
export async function watchFiles(
  files: readonly string[],
  run: (changed: string[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const seen = new Map(files.map((file) => [file, fingerprint(file)]));
  let wake = () => {};
  let timer: NodeJS.Timeout | undefined;
  const notice = () => {
    clearTimeout(timer);
    timer = setTimeout(() => wake(), quietMs);
  };
  // Folders, not files: an atomic save replaces the file that is watched.
  const folders = new Set(files.map((file) => dirname(resolve(file))));
  const watchers: FSWatcher[] = [...folders].map((folder) => watch(folder, notice));
  signal.addEventListener("abort", () => wake(), { once: true });
  const edited = () =>
    files
      .map((file) => [file, fingerprint(file)] as const)
      .filter(([file, now]) => now !== null && now !== seen.get(file));
  try {
    await run([...files]);
    while (!signal.aborted) {
      const first = edited();
      if (first.length === 0) {
        await new Promise<void>((done) => {
          wake = done;
        });
        continue;
      }
      // Looked at twice: a file that is being written is not read halfway.
      await sleep(quietMs);
      const before = new Map(first);
      const changed = edited().filter(([file, now]) => now === before.get(file));
      for (const [file, now] of changed) seen.set(file, now);
      if (changed.length > 0) await run(changed.map(([file]) => file));
    }
  } finally {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  }
}
