/** Bytes in pieces of some size: a large file is never held whole as well. */
export type Pieces = readonly Uint8Array[];

/** In characters. */
const pieceSize = 1024 * 1024;

/** Turns text that comes bit by bit into UTF-8. */
export class Utf8Writer {
  readonly #pieces: Uint8Array[] = [];
  #texts: string[] = [];
  #length = 0;

  readonly write = (text: string): void => {
    this.#texts.push(text);
    this.#length += text.length;
    if (this.#length >= pieceSize) this.#flush();
  };

  finished(): Pieces {
    this.#flush();
    return this.#pieces;
  }

  #flush(): void {
    this.#pieces.push(new TextEncoder().encode(this.#texts.join("")));
    this.#texts = [];
    this.#length = 0;
  }
}

export const encoded = (text: string): Pieces => [new TextEncoder().encode(text)];

export const byteLength = (pieces: Pieces): number =>
  pieces.reduce((sum, piece) => sum + piece.byteLength, 0);

type Transferable = ArrayBufferLike & { transfer?(byteLength: number): ArrayBuffer };

/** Gives memory back now, which nobody may read any more: the garbage collector would let 64 MB of it lie. */
export function release({ buffer, byteLength }: Uint8Array): void {
  // A small one may lie in memory that it shares with others. Node has `transfer` since 21.
  if (byteLength === buffer.byteLength) (buffer as Transferable).transfer?.(0);
}
