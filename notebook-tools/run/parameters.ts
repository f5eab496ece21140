/** `--param name=value` -> code that sets the values after the cell tagged `parameters`. Pure. */
import { readFileSync } from "node:fs";
import type { PlannedCell } from "./plan";

const parameterName = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

/** `name=value`; the value is JSON where it can be read as such, else text. Throws `RangeError`. */
export function parseParameter(text: string): [string, unknown] {
  const at = text.indexOf("=");
  const name = text.slice(0, at).trim();
  if (at < 1 || !parameterName.test(name)) {
    throw new RangeError(`--param must look like name=value, got "${text}".`);
  }
  const value = text.slice(at + 1);
  try {
    return [name, JSON.parse(value)];
  } catch {
    return [name, value];
  }
}

/**
 * The parameters of a file: a JSON object of values by name.
 * Throws `RangeError`.
 */
export function readParameters(file: string): Record<string, unknown> {
  let values: unknown;
  try {
    values = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new RangeError(`--param-file ${file} cannot be read as JSON (${(error as Error).message}).`);
  }
  if (typeof values !== "object" || values === null || Array.isArray(values))
    throw new RangeError(`--param-file ${file} must hold a JSON object, such as {"rows": 3}.`);
  const bad = Object.keys(values).find((name) => !parameterName.test(name));
  if (bad !== undefined)
    throw new RangeError(`--param-file ${file} has "${bad}", which is no name of a variable.`);
  return { ...values };
}

const declaration = /(?:^|[;\s])(?:(const|let|var)\s+)?([\p{L}_$][\p{L}\p{N}_$]*)\s*(?::[^=;\n]+)?=(?!=)/gmu;

/** The names that a parameters cell gives values to, with the word that declares them. */
function declaredParameters(source: string): Map<string, string> {
  return new Map(Array.from(source.matchAll(declaration), (match) => [match[2]!, match[1] ?? ""]));
}

/** Why these parameters cannot be given to a notebook with these cells; null where they can. */
export function parameterProblem(
  cells: readonly PlannedCell[],
  parameters: Record<string, unknown>,
): string | null {
  const names = Object.keys(parameters);
  if (names.length === 0) return null;
  const cell = cells.find((one) => one.parameters);
  if (!cell)
    return "has no cell tagged `parameters` that --param could set values after; tag the cell that gives the defaults.";
  const declared = [...declaredParameters(cell.source).keys()];
  const unknown = names.find((name) => !declared.includes(name));
  if (unknown === undefined) return null;
  return `has no parameter \`${unknown}\`; its parameters cell gives values to ${declared.join(", ") || "nothing"}.`;
}

function pythonLiteral(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value as object)
      .map(([key, item]) => `${JSON.stringify(key)}: ${pythonLiteral(item)}`)
      .join(", ")}}`;
  }
  return JSON.stringify(value);
}

/**
 * Code in the kernel's language. In TypeScript a `const` is declared anew, as a later cell may; anything else is
 * assigned, so that its type holds.
 * Throws `RangeError` for a language without a known notation.
 */
export function parameterSource(
  source: string,
  parameters: Record<string, unknown>,
  language: string,
): string {
  const declared = declaredParameters(source);
  const entries = Object.entries(parameters);
  if (/^(type|java)script$/i.test(language)) {
    return entries
      .map(
        ([name, value]) =>
          `${declared.get(name) === "const" ? "const " : ""}${name} = ${JSON.stringify(value)};`,
      )
      .join("\n");
  }
  if (/^python/i.test(language))
    return entries.map(([name, value]) => `${name} = ${pythonLiteral(value)}`).join("\n");
  throw new RangeError(
    `--param knows how to write values in TypeScript, JavaScript and Python, not in ${language}.`,
  );
}
