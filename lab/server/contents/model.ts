/** A time as JSON says it; one beyond all calendars, which a disk can hold, as the beginning of 1970. */
export const isoTime = (time: Date): string =>
  (Number.isNaN(time.getTime()) ? new Date(0) : time).toISOString();

export type ContentsType = "directory" | "file" | "notebook";

/** Jupyter's model of a file, folder or notebook. */
export interface Model {
  readonly name: string;
  readonly path: string;
  readonly type: ContentsType;
  readonly writable: boolean;
  readonly created: string;
  readonly last_modified: string;
  readonly size: number | null;
  readonly mimetype: string | null;
  readonly format: string | null;
  readonly content: unknown;
  readonly hash: string | null;
  readonly hash_algorithm: string | null;
}
