/** What a notebook does otherwise than nbformat 4.0 to 4.5 says. */
export interface Problem {
  /** The cell, counted from 1; undefined for the notebook itself. */
  cell?: number;
  message: string;
  /** True when the notebook cannot be run, edited or exported before this is corrected. */
  fatal: boolean;
}

type Json = Record<string, unknown>;

/** The problems of a parsed notebook, in reading order; empty for a sound one. */
export function findProblems(notebook: unknown): Problem[] {
  if (!isObject(notebook)) return [fatal(`a notebook is a JSON object, got ${kindOf(notebook)}.`)];
  const version = versionProblem(notebook);
  if (version) return [version];
  if (!Array.isArray(notebook.cells))
    return [
      fatal(
        `\`cells\` must be a list, got ${kindOf(notebook.cells)}; add \`"cells": []\` for a notebook without any.`,
      ),
    ];
  return [
    ...memberProblem(notebook, "metadata", isObject, "an object", "add `{}`"),
    ...notebook.cells.flatMap((cell, index) =>
      cellProblems(cell).map((problem) => ({ ...problem, cell: index + 1 })),
    ),
    ...idProblems(notebook.cells, Number(notebook.nbformat_minor)),
  ];
}

function versionProblem({ nbformat, nbformat_minor }: Json): Problem | undefined {
  if (typeof nbformat !== "number")
    return fatal('not a notebook: it has no number `nbformat`; add `"nbformat": 4` if it is one.');
  const version = `nbformat ${nbformat}.${nbformat_minor ?? 0}`;
  if (nbformat < 4)
    return fatal(
      `this is ${version}, expected 4.0 to 4.5; upgrade it with \`jupyter nbconvert --to notebook --nbformat 4 --inplace FILE\`, or open and save it in JupyterLab.`,
    );
  if (nbformat > 4)
    return fatal(`this is ${version}, expected 4.0 to 4.5; save it as nbformat 4 or update this tool.`);
  if (!Number.isInteger(nbformat_minor))
    return problem('`nbformat_minor` must be an integer; add `"nbformat_minor": 5`.');
  return undefined;
}

function cellProblems(cell: unknown): Problem[] {
  if (!isObject(cell)) return [fatal(`a cell is an object, got ${kindOf(cell)}.`)];
  if (!["code", "markdown", "raw"].includes(cell.cell_type as string))
    return [fatal(`\`cell_type\` must be "code", "markdown" or "raw", got ${shown(cell.cell_type)}.`)];
  return [
    ...memberProblem(cell, "source", isMultiline, "a string or a list of strings", 'add `""`', true),
    ...memberProblem(cell, "metadata", isObject, "an object", "add `{}`"),
    ...(cell.cell_type === "code" ? codeProblems(cell) : []),
    ...attachmentProblems(cell),
  ];
}

function codeProblems(cell: Json): Problem[] {
  const outputs = Array.isArray(cell.outputs) ? cell.outputs : [];
  return [
    ...memberProblem(cell, "outputs", Array.isArray, "a list", "add `[]`"),
    ...memberProblem(cell, "execution_count", isCount, "an integer or null", "add `null`"),
    ...outputs.flatMap((output, index) => outputProblems(output, index + 1)),
  ];
}

function outputProblems(output: unknown, number: number): Problem[] {
  const at = `output ${number}: `;
  if (!isObject(output)) return [fatal(`${at}an output is an object, got ${kindOf(output)}.`)];
  const members = OUTPUT_MEMBERS[output.output_type as string];
  if (!members)
    return [
      fatal(
        `${at}\`output_type\` must be one of ${Object.keys(OUTPUT_MEMBERS).join(", ")}, got ${shown(output.output_type)}; run the cell again or clear its outputs.`,
      ),
    ];
  return members.flatMap(([name, test, expected]) =>
    memberProblem(
      output,
      name,
      test,
      expected,
      "run the cell again or clear its outputs",
      FATAL_MEMBERS.has(name),
    ).map((found) => ({ ...found, message: at + found.message })),
  );
}

type MemberRule = [name: string, test: (value: unknown) => boolean, expected: string];
const DATA: MemberRule[] = [
  ["data", isObject, "an object"],
  ["metadata", isObject, "an object"],
];
const OUTPUT_MEMBERS: Record<string, MemberRule[]> = {
  execute_result: [...DATA, ["execution_count", isCount, "an integer or null"]],
  display_data: DATA,
  stream: [
    ["name", isString, "a string"],
    ["text", isMultiline, "a string or a list of strings"],
  ],
  error: [
    ["ename", isString, "a string"],
    ["evalue", isString, "a string"],
    ["traceback", isLines, "a list of strings"],
  ],
};
const FATAL_MEMBERS = new Set(["data", "text", "traceback"]);

function attachmentProblems({ attachments }: Json): Problem[] {
  if (attachments === undefined || (isObject(attachments) && Object.values(attachments).every(isObject)))
    return [];
  return [fatal("`attachments` must map file names to objects of mime types.")];
}

/** Ids: required since 4.5, 1 to 64 letters, digits, `-` and `_`, each only once. */
function idProblems(cells: unknown[], minor: number): Problem[] {
  const seen = new Map<unknown, number>();
  return cells.filter(isObject).flatMap(({ id }, index) => {
    const first = seen.get(id);
    if (!seen.has(id)) seen.set(id, index + 1);
    const message = idMessage(id, minor, first);
    return message ? [{ ...problem(message), cell: index + 1 }] : [];
  });
}

function idMessage(id: unknown, minor: number, first: number | undefined): string | undefined {
  if (id === undefined)
    return minor >= 5 ? "nbformat 4.5 wants an `id` here; add one or set `nbformat_minor` to 4." : undefined;
  if (minor < 5) return `nbformat 4.${minor} knows no \`id\`; remove it or set \`nbformat_minor\` to 5.`;
  if (typeof id !== "string" || !/^[a-zA-Z0-9_-]{1,64}$/.test(id))
    return `\`id\` must be 1 to 64 letters, digits, - and _, got ${shown(id)}.`;
  return first === undefined
    ? undefined
    : `\`id\` ${shown(id)} is that of cell ${first} too; give this cell another.`;
}

function memberProblem(
  object: Json,
  name: string,
  test: (value: unknown) => boolean,
  expected: string,
  remedy: string,
  always = false,
): Problem[] {
  const value = object[name];
  if (test(value)) return [];
  // What is only left out can be filled in; what has the wrong kind cannot.
  const message = `\`${name}\` must be ${expected}, got ${kindOf(value)}; ${remedy}.`;
  return [{ message, fatal: always || value !== undefined }];
}

function fatal(message: string): Problem {
  return { message, fatal: true };
}

function problem(message: string): Problem {
  return { message, fatal: false };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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
  return value === null || (Number.isInteger(value) && (value as number) >= 0);
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `${typeof value === "object" ? "an object" : `a ${typeof value}`}`;
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
