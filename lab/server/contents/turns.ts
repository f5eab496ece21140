const isAt = (path: string, folder: string) =>
  folder === "" || path === folder || path.startsWith(`${folder}/`);

/** One lies at or below the other, so that what is done to one may meet what is done to the other. */
const overlap = (one: string, other: string) => isAt(one, other) || isAt(other, one);

/**
 * Changes of the same path happen one after the other, in the order in which they came: a large save that is still
 * under way must not end after a later small one, or bring back the old name of a file that was renamed meanwhile.
 */
export class Turns {
  readonly #busy = new Set<{ readonly paths: readonly string[]; readonly done: Promise<unknown> }>();

  /** Does `work` once everything is done that came before and has to do with one of the API paths. */
  async take<T>(paths: readonly string[], work: () => Promise<T>): Promise<T> {
    const isBefore = (others: readonly string[]) =>
      others.some((other) => paths.some((path) => overlap(path, other)));
    const before = [...this.#busy].filter((turn) => isBefore(turn.paths)).map(({ done }) => done);
    const result = Promise.allSettled(before).then(work);
    const turn = { paths, done: result };
    this.#busy.add(turn);
    try {
      return await result;
    } finally {
      this.#busy.delete(turn);
    }
  }
}
