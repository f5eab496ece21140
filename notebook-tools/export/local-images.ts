import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { FindImage } from "./addresses";
import { imageUri } from "./mimebundle";
import { drawingOf } from "./svg";

const IMAGE_MIMES: Record<string, string> = {
  ".gif": "image/gif",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webp": "image/webp",
};

/** Finds images by their paths from a folder; what is missing is left for the reader's browser to miss. */
export function imagesBelow(folder: string): FindImage {
  return (src) => {
    const mime = IMAGE_MIMES[extname(src).toLowerCase()];
    if (!mime) return undefined;
    try {
      const bytes = readFileSync(join(folder, src));
      return mime === "image/svg+xml"
        ? drawingOf(bytes.toString("utf8")).src
        : imageUri(mime, bytes.toString("base64"));
    } catch {
      return undefined;
    }
  };
}
