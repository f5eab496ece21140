/** The reader's own files, which may change while a kernel runs, and those of packages, which stay as they are. */

import { statSync } from "node:fs";

/** Whether TypeScript's name of a file, with `/` on every system, is one of a package. */
export const isPackage = (name: string) => name.includes("/node_modules/");

/** What changes when a file does; undefined if there is none. */
export function stampOf(path: string): string | undefined {
  const now = statSync(path, { throwIfNoEntry: false });
  return now && `${now.mtimeMs} ${now.size} ${now.ino}`;
}
