/** An object of JSON, its members not yet known. */
export type Json = Record<string, unknown>;

/** What nbformat says of one member of an object. */
export interface Rule {
  name: string;
  test: (value: unknown) => boolean;
  /** In words, what `test` expects. */
  expected: string;
  /** What to do about it. */
  remedy: string;
  /**
   * How bad a member is that fails the test: `fatal` always; `fillable` can be filled in when it is
   * left out; `minor` does no harm.
   */
  grade: "fatal" | "fillable" | "minor";
}

const LINES = "a string or a list of strings";

export const NOTEBOOK_RULES: Rule[] = [
  { name: "nbformat_minor", test: isCount, expected: "an integer", remedy: "add `5`", grade: "minor" },
  { name: "metadata", test: isObject, expected: "an object", remedy: "add `{}`", grade: "fillable" },
];

export const CELL_RULES: Rule[] = [
  { name: "source", test: isMultiline, expected: LINES, remedy: 'add `""`', grade: "fatal" },
  { name: "metadata", test: isObject, expected: "an object", remedy: "add `{}`", grade: "fillable" },
];

export const CODE_RULES: Rule[] = [
  { name: "outputs", test: Array.isArray, expected: "a list", remedy: "add `[]`", grade: "fillable" },
  {
    name: "execution_count",
    test: (value) => value === null || isCount(value),
    expected: "an integer or null",
    remedy: "add `null`",
    grade: "minor",
  },
];

const rerun = { remedy: "run the cell again or clear its outputs" };
const DATA_RULES: Rule[] = [
  { name: "data", test: isObject, expected: "an object", ...rerun, grade: "fatal" },
  { name: "metadata", test: isObject, expected: "an object", ...rerun, grade: "minor" },
];

/** By `output_type`. */
export const OUTPUT_RULES: Record<string, Rule[]> = {
  execute_result: [...DATA_RULES, CODE_RULES[1]!],
  display_data: DATA_RULES,
  stream: [
    { name: "name", test: isString, expected: "a string", ...rerun, grade: "minor" },
    { name: "text", test: isMultiline, expected: LINES, ...rerun, grade: "fatal" },
  ],
  error: [
    { name: "ename", test: isString, expected: "a string", ...rerun, grade: "minor" },
    { name: "evalue", test: isString, expected: "a string", ...rerun, grade: "minor" },
    { name: "traceback", test: isLines, expected: "a list of strings", ...rerun, grade: "fatal" },
  ],
};

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a value is, in words. */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) {
    const other = value.find((item) => typeof item !== "string");
    return other === undefined ? "a list" : `a list that holds ${kindOf(other)}`;
  }
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isLines(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isString);
}

function isMultiline(value: unknown): value is string | string[] {
  return isString(value) || isLines(value);
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}
