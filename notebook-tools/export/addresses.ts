import type { Attachments } from "../nbformat/browser";
import { attachedImage, imageUri } from "./mimebundle";
import type { Addresses } from "./sanitize";
import { drawingOf } from "./svg";

/** Gives the `data:` address of an image that a notebook names by a relative path, or nothing. */
export type FindImage = (src: string) => string | undefined;

/** Links between notebooks lead to their pages; attached images, and those that `findImage` finds, come with the page. */
export function addressesWith(findImage: FindImage | undefined, attachments: Attachments = {}): Addresses {
  return {
    link: (href) => (isRelative(href) ? href.replace(/\.ipynb(?=$|[?#])/, ".html") : href),
    image: (src) => {
      if (src.startsWith("attachment:")) return attachedUri(src, attachments);
      return (isRelative(src) ? findImage?.(decoded(src)) : undefined) ?? src;
    },
  };
}

function isRelative(address: string): boolean {
  return !/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(address);
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
