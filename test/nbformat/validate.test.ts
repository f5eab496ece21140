/** `nb validate` says of a notebook what the published schemas say, and nbformat itself. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import Ajv from "ajv-draft-04";
import { describe, expect, it } from "vitest";
import { validateNotebook } from "../../notebook-tools/nbformat";
import { pythonMissing, venvPython } from "../python.ts";
import { fixture } from "./fixtures.ts";
import { type Mutant, mutants, whole } from "./mutants.ts";

const schemas = resolve(import.meta.dirname, "../../notebook-tools/nbformat/schemas");
const minors = [0, 4, 5];
const all = minors.flatMap((minor) => mutants(minor));

const messages = (notebook: object) =>
  validateNotebook(JSON.stringify(notebook), "x.ipynb").map(({ cell, message }) =>
    cell === undefined ? message : `cell ${cell}: ${message}`,
  );
const isValid = ({ notebook }: Mutant) => messages(notebook).length === 0;

/** Where we and nbformat mean to differ, and why. */
const reasons: [RegExp, string][] = [
  [
    /\/cells\/\d without id$/,
    "a missing id is an error of the schema; nbformat makes one up, with a warning",
  ],
  [/nbformat_minor = 12$/, "of a version to come nothing is known; nbformat reads it by its newest schema"],
];

// biome-ignore lint/suspicious/noExplicitAny: what is made of it is no notebook.
type Change = (notebook: any) => void;

describe("validateNotebook", () => {
  it("agrees with the schema of the whole notebook on every mutant", () => {
    const differing = minors.flatMap((minor) => {
      const ajv = new Ajv({ strict: false, validateFormats: false });
      const validate = ajv.compile(JSON.parse(readFileSync(join(schemas, `v4.${minor}.json`), "utf8")));
      return (
        mutants(minor)
          // A notebook that says another version is not for this schema.
          .filter(({ what }) => !/nbformat(_minor)? =/.test(what))
          .filter((mutant) => validate(mutant.notebook) !== isValid(mutant))
          .map(({ what }) => what)
      );
    });
    expect(differing).toEqual([]);
    expect(all.length).toBeGreaterThan(2000);
  });

  it.skipIf(pythonMissing)(
    `agrees with nbformat on every mutant but those with a reason${pythonMissing ? ` (LEFT OUT: ${pythonMissing})` : ""}`,
    () => {
      const script = `
import json, sys, warnings
warnings.simplefilter("ignore")
import nbformat
def valid(notebook):
    try:
        nbformat.validate(notebook)
        return True
    except Exception:
        return False
print(json.dumps([valid(notebook) for notebook in json.load(sys.stdin)]))`;
      const input = JSON.stringify(all.map(({ notebook }) => notebook));
      const verdicts: boolean[] = JSON.parse(
        execFileSync(venvPython, ["-c", script], {
          input,
          encoding: "utf8",
          maxBuffer: 1e8,
          stdio: ["pipe", "pipe", "ignore"],
        }),
      );
      const differing = all.filter((mutant, i) => verdicts[i] !== isValid(mutant)).map(({ what }) => what);
      expect(differing.filter((what) => !reasons.some(([pattern]) => pattern.test(what)))).toEqual([]);
      expect(reasons.filter(([pattern]) => !differing.some((what) => pattern.test(what)))).toEqual([]);
    },
    120_000,
  );

  const messagesAfter = (change: Change) => {
    const notebook = whole(5);
    change(notebook);
    return messages(notebook);
  };

  it.each<[string, Change, string]>([
    [
      "outputs of a Markdown cell",
      (n) => (n.cells[0].outputs = []),
      "cell 1: `outputs` does not belong in a markdown cell; remove it, or keep it below `metadata`.",
    ],
    [
      "tags that are a text",
      (n) => (n.cells[2].metadata.tags = "raises-exception"),
      "cell 3: `metadata.tags` must be a list, got a string.",
    ],
    [
      "a tag with a comma",
      (n) => (n.cells[2].metadata.tags = ["a,b"]),
      'cell 3: `metadata.tags[0]` must be a text without commas, and not empty, got "a,b".',
    ],
    [
      "a tag twice",
      (n) => (n.cells[2].metadata.tags = ["a", "a"]),
      "cell 3: `metadata.tags` must not hold the same twice: numbers 1 and 2 are equal.",
    ],
    [
      "a kernelspec without a name",
      (n) => delete n.metadata.kernelspec.name,
      "`metadata.kernelspec.name` is missing; nbformat wants it here.",
    ],
    [
      "a number among texts",
      (n) => (n.cells[2].source = ["a", 1]),
      "cell 3: `source` must be a string or a list of strings, got a list that holds a number.",
    ],
    [
      "a number as a text",
      (n) => (n.cells[2].outputs[1].data["text/plain"] = 12),
      'cell 3: output 2: `data["text/plain"]` must be a string or a list of strings, got a number.',
    ],
    [
      "a count below 0",
      (n) => (n.cells[2].outputs[2].execution_count = -1),
      "cell 3: output 3: `execution_count` must be an integer or null, got a number.",
    ],
  ])("says where and what: %s", (_, change, message) => {
    expect(messagesAfter(change)).toEqual([message]);
  });

  it("names widgets that have lost their state, which no schema does", () => {
    const state = "application/vnd.jupyter.widget-state+json";
    const after = (widgets: object) => messagesAfter((n) => Object.assign(n.metadata, { widgets }));
    expect(after({ [state]: { version_major: 2 } })).toEqual([
      expect.stringMatching(/state"?.*is missing, so that GitHub/),
    ]);
    for (const sound of [{}, { [state]: { state: {} } }, { other: 1 }]) expect(after(sound)).toEqual([]);
  });

  it("reads nbformat 3 as what it would be in 4", () => {
    expect(validateNotebook(readFileSync(fixture("nbformat-3"), "utf8"), "x")).toEqual([]);
  });
});
