import { NotebookError } from "notebook-tools/nbformat";

/** What a handler throws to answer with that status and Jupyter's `{message, reason}`. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** What the system says of a file, as a status and a sentence; its own words would name this machine's folders. */
const systemFaults: Record<string, readonly [status: number, reason: string]> = {
  EACCES: [403, "may not be read or written; check its permissions and those of its folder."],
  EPERM: [403, "may not be read or written; check its permissions and those of its folder."],
  EROFS: [403, "lies on a disk that is read-only."],
  ENOENT: [404, "is not there, or its folder is not."],
  ENOTDIR: [404, "is not there: a file is in the place of its folder."],
  ELOOP: [400, "is a symbolic link that leads back to itself."],
  EISDIR: [400, "is a folder, and a file was asked for."],
  EINVAL: [400, "cannot be copied or moved to that place."],
  ERR_FS_CP_EINVAL: [400, "cannot be copied to that place."],
  ERR_FS_CP_EEXIST: [409, "exists already."],
  ERR_FS_FILE_TOO_LARGE: [413, "is too large to be opened here; download it."],
  ERR_STRING_TOO_LONG: [413, "is too large to be opened here; download it."],
  ERR_WORKER_OUT_OF_MEMORY: [507, "needs more memory than there is."],
  ENXIO: [404, "is not a file."],
  ENAMETOOLONG: [400, "has a longer name than the file system allows."],
  EEXIST: [409, "exists already."],
  ENOTEMPTY: [409, "exists already, and is a folder with something in it."],
  EBUSY: [409, "is in use by another program."],
  ETXTBSY: [409, "is in use by another program."],
  EMFILE: [503, "cannot be opened now: too many files are open. Try again."],
  ENFILE: [503, "cannot be opened now: too many files are open. Try again."],
  ENOSPC: [507, "could not be written, because the disk is full; make room on it."],
  EDQUOT: [507, "could not be written, because your share of the disk is full; make room on it."],
};

const isTooDeep = (error: unknown) => error instanceof RangeError && /call stack/i.test(error.message);

/** The answer that is known for an error, or `null` for one that nobody foresaw. `subject` is what was asked for. */
export function knownError(error: unknown, subject: string): HttpError | null {
  if (error instanceof HttpError) return error;
  if (error instanceof NotebookError)
    return systemFault(error.cause, subject) ?? new HttpError(400, error.message);
  if (error instanceof RangeError && /^Invalid string length|allocation failed/i.test(error.message))
    return new HttpError(413, `${subject || "The file"} is too large to be opened here; download it.`);
  if (isTooDeep(error)) return new HttpError(400, "The JSON is nested too deeply.");
  return systemFault(error, subject);
}

function systemFault(error: unknown, subject: string): HttpError | null {
  const fault = systemFaults[(error as NodeJS.ErrnoException | null)?.code ?? ""];
  return fault ? new HttpError(fault[0], `${subject || "The root folder"} ${fault[1]}`) : null;
}
