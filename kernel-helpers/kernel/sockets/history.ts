/**
 * The cells of this session, for `history_request`. Other sessions are not kept.
 * Source: https://jupyter-client.readthedocs.io/en/stable/messaging.html#history
 */

import type { HistoryEntry } from "../thread-protocol";

/** The number of this session; a request may also call it 0, the current one. */
const session = 1;
/** Older cells are forgotten. */
const longest = 10_000;

/** The content of a `history_request`; it comes from outside, so that nothing is certain. */
export interface HistoryRequest {
  hist_access_type?: unknown;
  output?: unknown;
  session?: unknown;
  start?: unknown;
  stop?: unknown;
  n?: unknown;
  pattern?: unknown;
  unique?: unknown;
}

const numberOr = (value: unknown, other: number) => (typeof value === "number" ? value : other);

/** A pattern of SQLite's GLOB, as IPython's history takes: `*`, `?` and `[a-z]`. */
function globToRegExp(pattern: string): RegExp {
  const source = pattern.replace(/\*|\?|\[(?:\^?\]?[^\]]*)\]|[\\^$.|+()[\]{}]/g, (found) => {
    if (found === "*") return "[\\s\\S]*";
    if (found === "?") return "[\\s\\S]";
    if (found.length === 1) return `\\${found}`;
    // A class of characters; a bracket in it is one of them.
    return `[${found.slice(1, -1).replace(/[\\[\]]/g, "\\$&")}]`;
  });
  try {
    return new RegExp(`^${source}$`, "u");
  } catch {
    return new RegExp(`^${pattern.replace(/[\\^$.|+()[\]{}*?]/g, "\\$&")}$`);
  }
}

export class History {
  readonly #entries: HistoryEntry[] = [];

  add(entry: HistoryEntry) {
    this.#entries.push(entry);
    if (this.#entries.length > longest) this.#entries.shift();
  }

  /** The content of the reply: `[session, line, input]`, or `[session, line, [input, output]]` if output is asked for. */
  answer(request: HistoryRequest): object {
    const withOutput = request.output === true;
    const shown = ({ line, input, output }: HistoryEntry) =>
      withOutput ? [session, line, [input, output]] : [session, line, input];
    return { status: "ok", history: this.#select(request).map(shown) };
  }

  #select(request: HistoryRequest): HistoryEntry[] {
    const { hist_access_type: type } = request;
    if (type === "range") return this.#range(request);
    const found = type === "search" ? this.#search(request) : this.#entries;
    const n = numberOr(request.n, type === "search" ? found.length : 10);
    return n > 0 ? found.slice(-n) : [];
  }

  #range(request: HistoryRequest): HistoryEntry[] {
    const asked = numberOr(request.session, 0);
    if (asked !== 0 && asked !== session) return [];
    const start = numberOr(request.start, 1);
    const stop = numberOr(request.stop, Number.POSITIVE_INFINITY);
    return this.#entries.filter(({ line }) => line >= start && line < stop);
  }

  #search({ pattern, unique }: HistoryRequest): HistoryEntry[] {
    const glob = globToRegExp(typeof pattern === "string" ? pattern : "*");
    const found = this.#entries.filter(({ input }) => glob.test(input));
    if (unique !== true) return found;
    return [...new Map(found.map((entry) => [entry.input, entry])).values()];
  }
}
