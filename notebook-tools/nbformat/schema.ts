/** Notebooks against the JSON schemas that nbformat publishes for 4.0 to 4.5. */
import type { ErrorObject, ValidateFunction } from "ajv";
import type { Problem } from "./check";
import { isObject, type Json, kindOf } from "./rules";

/** The minor versions that have a schema: 0 to this. */
const newest = 5;

/** Loaded when it is needed: a run or an export never validates. */
function compiler() {
  const Ajv = (require("ajv-draft-04") as typeof import("ajv-draft-04")).default;
  return new Ajv({ strict: false, allErrors: true, verbose: true, validateFormats: false });
}

type Validators = (definition?: string) => ValidateFunction;

const known = new Map<number, Validators>();

/** The validators of a minor version: of the whole notebook, or of one of its definitions. */
function validatorsOf(minor: number): Validators {
  const found = known.get(minor);
  if (found) return found;
  const ajv = compiler();
  const name = `v4.${minor}`;
  ajv.addSchema(require(`./schemas/${name}.json`), name);
  const validators: Validators = (definition) =>
    ajv.getSchema(definition === undefined ? name : `${name}#/definitions/${definition}`)!;
  known.set(minor, validators);
  return validators;
}

const cellTypes = new Set(["raw", "markdown", "code"]);
const outputTypes = new Set(["execute_result", "display_data", "stream", "error"]);

/**
 * What a notebook does otherwise than the schema of its minor version says, in reading order. Cells and outputs are
 * checked by the schema of their own kind, so that what is said is about them; one of an unknown kind is skipped. Of
 * versions that are still to come, unknown members are no problem.
 */
export function schemaProblems(notebook: Json): Problem[] {
  const { nbformat_minor: minor } = notebook;
  const isFuture = Number(minor) > newest;
  const validators = validatorsOf(
    Number.isInteger(minor) && Number(minor) >= 0 && !isFuture ? Number(minor) : newest,
  );
  const check = (value: unknown, definition?: string, skipped?: RegExp) => {
    const validate = validators(definition);
    if (validate(value)) return [];
    const errors = validate.errors!.filter(
      ({ instancePath, keyword }) =>
        !(skipped?.test(instancePath) || (isFuture && keyword === "additionalProperties")),
    );
    return problemsOf(errors, definition);
  };
  const cells = Array.isArray(notebook.cells) ? notebook.cells.filter(isObject) : [];
  const shell = { ...notebook, cells: [] };
  return [
    ...check(isFuture ? { ...shell, nbformat_minor: newest } : shell),
    ...cells.flatMap((cell, index) => cellProblems(cell, check).map((one) => ({ ...one, cell: index + 1 }))),
  ];
}

type Check = (value: unknown, definition?: string, skipped?: RegExp) => Problem[];

function cellProblems(cell: Json, check: Check): Problem[] {
  const type = String(cell.cell_type);
  if (!cellTypes.has(type)) return [];
  const outputs = type === "code" && Array.isArray(cell.outputs) ? cell.outputs : [];
  return [
    ...check(cell, `${type}_cell`, /^\/outputs\/|^\/attachments\/[^/]+$/),
    ...outputs.flatMap((output, index) => outputProblems(output, index + 1, check)),
  ];
}

function outputProblems(output: unknown, number: number, check: Check): Problem[] {
  if (!isObject(output) || !outputTypes.has(String(output.output_type))) return [];
  return check(output, String(output.output_type)).map((problem) => ({
    ...problem,
    message: `output ${number}: ${problem.message}`,
  }));
}

/** One problem for each place; of a choice (`oneOf`) that fails, not why each of its branches does. */
function problemsOf(errors: readonly ErrorObject[], definition: string | undefined): Problem[] {
  const choices = errors.filter(({ keyword }) => keyword === "oneOf");
  const isBranch = (error: ErrorObject) =>
    choices.some((choice) => error !== choice && error.schemaPath.startsWith(`${choice.schemaPath}/`));
  return errors
    .filter((error) => !isBranch(error))
    .map((error) => ({ message: messageOf(error, definition), fatal: false }));
}

/** `/metadata/a~1b/0` as people write it: `metadata["a/b"][0]`. */
function placeName(pointer: string, member?: string): string {
  const steps = pointer
    .split("/")
    .slice(1)
    .concat(member ?? []);
  return steps
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((step, i) =>
      /^\d+$/.test(step)
        ? `[${step}]`
        : /^\w+$/.test(step)
          ? `${i ? "." : ""}${step}`
          : `[${JSON.stringify(step)}]`,
    )
    .join("");
}

const kinds: Record<string, string> = {
  string: "a string",
  array: "a list",
  object: "an object",
  integer: "an integer",
  boolean: "true or false",
  null: "null",
};

const choice = (types: readonly string[]): string => types.map((type) => kinds[type] ?? type).join(" or ");

function messageOf(
  { keyword, params, instancePath, data, schema }: ErrorObject,
  definition = "notebook",
): string {
  const place = `\`${placeName(instancePath)}\``;
  const got = `got ${kindOf(data)}`;
  switch (keyword) {
    case "required":
      return `\`${placeName(instancePath, params.missingProperty)}\` is missing; nbformat wants it here.`;
    case "additionalProperties":
      return `\`${placeName(instancePath, params.additionalProperty)}\` does not belong in a ${definition.replace("_", " ")}; remove it, or keep it below \`metadata\`.`;
    case "type":
      return `${place} must be ${choice([params.type].flat())}, ${got}.`;
    case "enum":
      return `${place} must be one of ${JSON.stringify(params.allowedValues).slice(1, -1)}, got ${JSON.stringify(data)}.`;
    case "minimum":
      return `${place} must be at least ${params.limit}, got ${data}.`;
    case "maximum":
      return `${place} must be at most ${params.limit}, got ${data}.`;
    case "uniqueItems":
      return `${place} must not hold the same twice: numbers ${Math.min(params.i, params.j) + 1} and ${Math.max(params.i, params.j) + 1} are equal.`;
    case "pattern":
      return `${place} must ${patternWords(params.pattern)}, got ${JSON.stringify(data)}.`;
    case "oneOf":
      return `${place} must be ${oneOfWords(schema as Branch[])}, ${got}.`;
    default:
      return `${place} is not as nbformat wants it (${keyword}), ${got}.`;
  }
}

function patternWords(pattern: string): string {
  if (pattern === "^[^,]+$") return "be a text without commas, and not empty";
  return pattern === "^.+$" ? "not be empty" : `match ${pattern}`;
}

interface Branch {
  type?: string;
  items?: { type?: string };
}

/** Every choice of the schemas is one of types; the only longer one is that of texts. */
function oneOfWords(branches: readonly Branch[]): string {
  return branches
    .map(({ type = "", items }) => (items?.type === "string" ? "a list of strings" : (kinds[type] ?? type)))
    .join(" or ");
}
