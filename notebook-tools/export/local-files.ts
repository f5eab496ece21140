import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, extname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { FindImage, FindLink } from "./addresses";
import { imageUri } from "./mimebundle";
import { drawingOf } from "./svg";

const IMAGE_MIMES: Record<string, string> = {
  ".avif": "image/avif",
  ".gif": "image/gif",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webp": "image/webp",
};

/**
 * Finds images by their paths from a folder; what is missing is left for the reader's browser to miss.
 * @param root the folder that no image may lie outside of, links followed; without it an image may lie anywhere
 */
export function imagesBelow(folder: string, root?: string): FindImage {
  return (src) => {
    const mime = IMAGE_MIMES[extname(src).toLowerCase()];
    if (!mime) return undefined;
    try {
      const file = realpathSync(join(folder, src));
      // Judged by the file itself: a link called `a.png` may lead to anything.
      if (!IMAGE_MIMES[extname(file).toLowerCase()]) return undefined;
      if (root !== undefined && !isBelow(realpathSync(root), file)) return undefined;
      // A pipe would be read for ever.
      if (!statSync(file).isFile()) return undefined;
      const bytes = readFileSync(file);
      return mime === "image/svg+xml"
        ? drawingOf(bytes.toString("utf8")).src
        : imageUri(mime, bytes.toString("base64"));
    } catch {
      return undefined;
    }
  };
}

/** Whether a file lies in a folder or below it. */
export function isBelow(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}

/**
 * Finds where the relative links of a notebook lead, seen from its page: to the pages of other notebooks of the
 * export, or to files where they lie.
 * @param pages the pages of the export by their notebooks, both as absolute paths
 * @param onMissing told of a path that leads to no file
 */
export function linksFrom(
  notebook: string,
  page: string,
  pages: ReadonlyMap<string, string>,
  onMissing: (path: string) => void,
): FindLink {
  return (path) => {
    const file = resolve(dirname(notebook), path);
    if (!pages.has(file) && !existsSync(file)) {
      onMissing(path);
      return path;
    }
    return pathFrom(dirname(page), pages.get(file) ?? file) + (/[\\/]$/.test(path) ? "/" : "");
  };
}

/** A relative path as an address has it. */
export function pathFrom(folder: string, file: string): string {
  return (relative(folder, file) || ".").split(sep).join("/");
}
