/** A notebook that cannot be used as it is: one sentence with the file, the line or cell, and what to do. */
export class NotebookError extends Error {
  override readonly name = "NotebookError";

  constructor(
    /** What is wrong and what to do, without the place. */
    readonly reason: string,
    /** Where: `line` for text that is not JSON, `cell` (from 1) for what is not nbformat. */
    readonly place: { file: string; line?: number; cell?: number },
    options?: ErrorOptions,
  ) {
    super(`${placeName(place)}: ${reason}`, options);
  }
}

function placeName({ file, line, cell }: NotebookError["place"]): string {
  if (line !== undefined) return `${file}:${line}`;
  return cell === undefined ? file : `${file}, cell ${cell}`;
}
