/** Which cells belong to an exercise, and whether it is solved. Pure. */

/** Places of cells. */
export interface Exercise {
  /** The cell tagged `exercise`, for the reader's code. */
  exercise: number;
  /** The cells tagged `check` that follow it. */
  checks: readonly number[];
  /** The cell tagged `solution`, where there is one. */
  solution: number | undefined;
}

/** The exercises of a notebook, by the tags of its cells. */
export function exercisesOf(tags: readonly (readonly string[])[]): Exercise[] {
  const starts = tags.flatMap((of, place) => (of.includes("exercise") ? [place] : []));
  return starts.map((exercise, index) => {
    const places = tags.map((_, place) => place).slice(exercise + 1, starts[index + 1]);
    const having = (tag: string) => places.filter((place) => tags[place]!.includes(tag));
    return { exercise, checks: having("check"), solution: having("solution")[0] };
  });
}

export type ExerciseState = { state: "unsolved" | "solved" } | { state: "wrong"; hint: string };

const isUnsolved = /^\s*not solved yet/i;
const longestHint = 400;
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours.
const colours = /\u001b\[[\d;]*m/g;

const textOf = (value: unknown): string => (Array.isArray(value) ? value.join("") : String(value ?? ""));

/**
 * The state by the outputs of the cells that check it, in their order, as nbformat has them: an error is a hint, a text
 * that begins with "Not solved yet" says so, and anything else means solved. `undefined` is a cell that has not run.
 */
export function stateOf(checks: readonly (readonly object[] | undefined)[]): ExerciseState {
  const outputs = checks.flatMap((of) => of ?? []) as Record<string, unknown>[];
  const error = outputs.find(({ output_type }) => output_type === "error");
  if (error) {
    const hint = textOf(error.evalue).replace(colours, "").trim() || textOf(error.ename);
    return { state: "wrong", hint: hint.length > longestHint ? `${hint.slice(0, longestHint)}…` : hint };
  }
  const isOpen = checks.length === 0 || checks.some((of) => of === undefined);
  const saysSo = outputs.some(
    ({ output_type, text }) => output_type === "stream" && isUnsolved.test(textOf(text)),
  );
  return { state: isOpen || saysSo ? "unsolved" : "solved" };
}
