import type { Attachments } from "../nbformat/browser";
import { addressOf } from "./escape";
import { attachedImage, imageUri } from "./mimebundle";
import type { Addresses } from "./sanitize";
import { drawingOf } from "./svg";

/** Gives the `data:` address of an image that a notebook names by a relative path, or nothing. */
export type FindImage = (src: string) => string | undefined;

/**
 * Gives the address, seen from the page, of what a notebook names by a relative path without query and anchor; null
 * when readers of the page cannot reach it, undefined when it is not known.
 */
export type FindLink = (path: string) => string | null | undefined;

/**
 * Links between notebooks lead to their pages; attached images, and those that `findImage` finds, come with the page.
 * @param findLink knows better where a link leads, such as to a file outside the export
 */
export function addressesWith(
  findImage: FindImage | undefined,
  findLink: FindLink | undefined,
  attachments: Attachments = {},
): Addresses {
  return {
    link: (href) => {
      if (href.startsWith("attachment:")) return attachedUri(href, attachments);
      return isRelative(href) ? linkTo(href, ".html", findLink) : href;
    },
    image: (src) => {
      if (src.startsWith("attachment:")) return attachedUri(src, attachments);
      if (!isRelative(src)) return src;
      return findImage?.(decoded(src)) ?? linkTo(src, ".html", findLink);
    },
  };
}

/**
 * A relative address as the page must name it; without `findLink`, notebooks become pages of the
 * same name. Undefined where it leads nowhere.
 */
export function linkTo(address: string, extension: string, findLink?: FindLink): string | undefined {
  const [, path = "", rest = ""] = /^([^?#]*)([\s\S]*)$/.exec(address)!;
  if (path === "") return address;
  const found = findLink?.(decoded(path));
  if (found === null) return undefined;
  return (found === undefined ? path.replace(/\.ipynb$/, extension) : addressOf(found)) + rest;
}

export function isRelative(address: string): boolean {
  return !/^(?:[a-z][a-z0-9+.-]*:|\/|#)/i.test(address);
}

function attachedUri(src: string, attachments: Attachments): string {
  const image = attachedImage(decoded(src.slice("attachment:".length)), attachments);
  if (!image) return "";
  return image.mime === "image/svg+xml" ? drawingOf(image.data).src : imageUri(image.mime, image.data);
}

function decoded(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}
