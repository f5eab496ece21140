import { lookup } from "mime-types";

/** What JupyterLab's viewers expect otherwise than the table of the IANA says. */
const own: Record<string, string> = {
  ipynb: "application/x-ipynb+json",
  // In the table `.ts` is a video.
  cts: "text/x-typescript",
  mts: "text/x-typescript",
  ts: "text/x-typescript",
  tsx: "text/x-typescript",
  vl: "application/vnd.vegalite.v5+json",
};

/** The MIME type that a file's extension stands for, `application/octet-stream` for an unknown one. */
export function mimeTypeOf(file: string): string {
  const extension = /\.([^./\\]+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
  return (
    (Object.hasOwn(own, extension) && own[extension]) || lookup(`.${extension}`) || "application/octet-stream"
  );
}
