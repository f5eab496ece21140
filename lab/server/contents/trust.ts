import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Cell, Output } from "notebook-tools/nbformat";
import { keptSecret } from "../http/secrets";
import { joinedCell } from "./joined";
import { writeOwnFile } from "./paths";

/** Older ones are forgotten; their cells are untrusted until run again. */
const mostSignatures = 20_000;

/** The same value with the names of its objects in order, so that equal values have equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, sorted(item)]));
}

/** What was made here, as it is known at one moment. */
export interface TrustState {
  readonly key: string;
  /** The signatures of trusted outputs, those not seen for longest first. */
  readonly known: Set<string>;
}

const keyFile = (folder: string) => path.join(folder, "trust-key");
const storeFile = (folder: string) => path.join(folder, "trusted-outputs");

function readStore(folder: string): Set<string> {
  try {
    const list: unknown = JSON.parse(readFileSync(storeFile(folder), "utf8"));
    return new Set(Array.isArray(list) ? list.map(String) : []);
  } catch {
    // Not there yet, or broken: nothing is trusted; the next save writes a sound one.
    return new Set();
  }
}

export const readTrust = (folder: string): TrustState => ({
  key: keptSecret(keyFile(folder)),
  known: readStore(folder),
});

/** Without the key nobody can write a signature that counts. */
function signatureOf(key: string, outputs: Output[]): string {
  return createHmac("sha256", key)
    .update(JSON.stringify(sorted(outputs)))
    .digest("base64url");
}

/**
 * A cell with `metadata.trusted`, as Jupyter servers send it: true when it has no outputs or those that were signed
 * here. JupyterLab shows only safe MIME types of the others (no HTML with scripts, no JavaScript, no SVG; Vega-Lite
 * charts are data and do show). `seen` is called with the signature of trusted outputs.
 */
export function withTrust(cell: Cell, { key, known }: TrustState, seen: (signature: string) => void): Cell {
  if (cell.cell_type !== "code") return cell;
  const signature = cell.outputs.length === 0 ? null : signatureOf(key, cell.outputs);
  const trusted = signature === null || known.has(signature);
  if (signature !== null && trusted) seen(signature);
  return { ...cell, metadata: { ...cell.metadata, trusted } };
}

/** A cell without this mark, as it is stored; `isTrusted` is called with the signature of what JupyterLab calls trusted. */
export function withoutTrust(cell: Cell, key: string, isTrusted: (signature: string) => void): Cell {
  if (cell.cell_type !== "code") return cell;
  const { trusted, ...metadata } = cell.metadata;
  if (trusted === true && cell.outputs.length > 0)
    isTrusted(signatureOf(key, (joinedCell(cell) as typeof cell).outputs));
  return { ...cell, metadata };
}

/** Keeps the signatures of outputs that were made here, so that a stranger's notebook shows none of its own HTML. */
export class TrustStore {
  #last: Promise<unknown> = Promise.resolve();
  readonly #seen = new Set<string>();

  constructor(readonly folder: string) {
    // Made now, while nobody else asks for it.
    readTrust(folder);
  }

  /** What is in use is not forgotten: at the next write it counts as new. */
  noteSeen(signatures: readonly string[]): void {
    for (const signature of signatures) this.#seen.add(signature);
  }

  async record(signatures: readonly string[]): Promise<void> {
    // Two notebooks may be saved at once; the second must add to what the first has written.
    const add = () => this.#add(signatures);
    this.#last = this.#last.then(add, add);
    await this.#last;
  }

  async #add(signatures: readonly string[]): Promise<void> {
    const known = readStore(this.folder);
    if (signatures.every((signature) => known.has(signature))) return this.noteSeen(signatures);
    const used = [...[...this.#seen].filter((signature) => known.has(signature)), ...signatures];
    for (const signature of used) {
      known.delete(signature);
      known.add(signature);
    }
    this.#seen.clear();
    await writeOwnFile(storeFile(this.folder), JSON.stringify([...known].slice(-mostSignatures)));
  }
}
