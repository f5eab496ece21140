/** What is said of a TypeScript kernel, and where a name is defined. Pure. */

/** What a kernel says of itself, as far as it is shown. */
interface Info {
  banner?: unknown;
  language_info?: { name?: unknown; version?: unknown };
}

/** "TypeScript 6.0.3 · Node.js 24.21.0"; undefined for a kernel of another language. */
export function versionText({ banner, language_info: language }: Info): string | undefined {
  if (language?.name !== "typescript" || typeof language.version !== "string") return undefined;
  const runtime = /\b(Node\.js|Deno) v?(\d[\w.]*)/.exec(String(banner ?? ""));
  return [`TypeScript ${language.version}`, runtime && `${runtime[1]} ${runtime[2]}`]
    .filter(Boolean)
    .join(" · ");
}

/** Where the kernel says that a name is defined: in a file as seen from the notebook's folder, else in a cell. */
export interface Definition {
  name: string;
  path?: string;
  line?: number;
}

/** From the metadata of an `inspect_reply`; undefined where it does not say. */
export function definitionIn(metadata: unknown): Definition | undefined {
  const found = (metadata as Record<string, unknown> | undefined)?.["kernel-helpers:definition"];
  if (typeof found !== "object" || found === null) return undefined;
  const { name, path, line } = found as Record<string, unknown>;
  if (typeof name !== "string") return undefined;
  return typeof path === "string" && typeof line === "number" ? { name, path, line } : { name };
}

/** A path as seen from a folder, from the top; undefined where it leads above the top. */
export function fromTop(folder: string, path: string): string | undefined {
  const parts = folder.split("/").filter(Boolean);
  if (/^(?:\/|[A-Za-z]:)/.test(path)) return undefined;
  for (const part of path.split("/")) {
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

/** The last cell, up to `from`, that declares a name, and the line from 0. */
export function declarationIn(
  sources: readonly string[],
  from: number,
  name: string,
): { cell: number; line: number } | undefined {
  const escaped = name.replace(/[$]/g, "\\$&");
  const end = "(?![\\w$])";
  const patterns = [
    new RegExp(`\\b(?:function\\*?|class|interface|type|enum|namespace|const|let|var)\\s+${escaped}${end}`),
    // Taken apart or imported.
    new RegExp(`\\b(?:const|let|var|import)\\b[^=;]*[{[,:\\s]${escaped}${end}[^=;]*(?:=|from)`),
  ];
  for (let cell = Math.min(from, sources.length - 1); cell >= 0; cell--) {
    const lines = sources[cell]!.split("\n");
    for (const pattern of patterns) {
      const line = lines.findIndex((text) => pattern.test(text));
      if (line >= 0) return { cell, line };
    }
  }
  return undefined;
}
