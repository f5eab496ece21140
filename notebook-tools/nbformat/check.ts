import {
  CELL_RULES,
  CODE_RULES,
  isObject,
  type Json,
  kindOf,
  NOTEBOOK_RULES,
  OUTPUT_RULES,
  type Rule,
} from "./rules";

/** What a notebook does otherwise than nbformat 4.0 to 4.5 says. */
export interface Problem {
  /** The cell, counted from 1; undefined for the notebook itself. */
  cell?: number;
  message: string;
  /** True when the notebook cannot be run, edited or exported before this is corrected. */
  fatal: boolean;
}

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
    ...memberProblems(notebook, NOTEBOOK_RULES),
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
      `this is ${version}, expected 2 to 4.5${nbformat === 2 || nbformat === 3 ? ", and it has no list `worksheets`" : ""}; save it again with the program that made it.`,
    );
  if (nbformat > 4)
    return fatal(`this is ${version}, expected 2 to 4.5; save it as nbformat 4 or update this tool.`);
  return undefined;
}

/** The problems of one parsed cell. */
export function cellProblems(cell: unknown): Problem[] {
  if (!isObject(cell)) return [fatal(`a cell is an object, got ${kindOf(cell)}.`)];
  if (!["code", "markdown", "raw"].includes(cell.cell_type as string))
    return [fatal(`\`cell_type\` must be "code", "markdown" or "raw", got ${shown(cell.cell_type)}.`)];
  return [
    ...memberProblems(cell, CELL_RULES),
    ...(cell.cell_type === "code" ? codeProblems(cell) : []),
    ...attachmentProblems(cell),
  ];
}

function codeProblems(cell: Json): Problem[] {
  const outputs = Array.isArray(cell.outputs) ? cell.outputs : [];
  return [
    ...memberProblems(cell, CODE_RULES),
    ...outputs.flatMap((output, index) => outputProblems(output, index + 1)),
  ];
}

function outputProblems(output: unknown, number: number): Problem[] {
  const at = `output ${number}: `;
  if (!isObject(output)) return [fatal(`${at}an output is an object, got ${kindOf(output)}.`)];
  const type = output.output_type;
  if (typeof type !== "string" || !Object.hasOwn(OUTPUT_RULES, type))
    return [
      fatal(
        `${at}\`output_type\` must be one of ${Object.keys(OUTPUT_RULES).join(", ")}, got ${shown(type)}; run the cell again or clear its outputs.`,
      ),
    ];
  return memberProblems(output, OUTPUT_RULES[type]!).map((found) => ({
    ...found,
    message: at + found.message,
  }));
}

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

function memberProblems(object: Json, rules: readonly Rule[]): Problem[] {
  return rules
    .filter(({ name, test }) => !test(object[name]))
    .map(({ name, expected, remedy, grade }) => ({
      message: `\`${name}\` must be ${expected}, got ${kindOf(object[name])}${remedyFor(remedy, object[name])}.`,
      fatal: grade === "fatal" || (grade === "fillable" && object[name] != null),
    }));
}

/** "Add" is for what is not there. */
const remedyFor = (remedy: string, value: unknown): string =>
  value !== undefined && remedy.startsWith("add") ? "" : `; ${remedy}`;

function fatal(message: string): Problem {
  return { message, fatal: true };
}

function problem(message: string): Problem {
  return { message, fatal: false };
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
