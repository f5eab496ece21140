import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import { bundle, project } from "../playground";

interface Shortcut {
  command: string;
  keys: string[];
}
type Schema = object & {
  properties?: Record<string, { default?: unknown }>;
  "jupyter.lab.shortcuts"?: Shortcut[];
};

const read = (file: string): Schema => JSON.parse(readFileSync(file, "utf8"));
const own = path.join(project, "lab", "extension", "schema");
const schemas = readdirSync(own).map((file) => ({ file, schema: read(path.join(own, file)) }));

/** Of all extensions in the page, ours too. */
const all = readdirSync(path.join(bundle, "schemas"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".json"))
  .map((file) => read(path.join(bundle, "schemas", file)));

/** Shortcuts that browsers and systems keep for themselves. */
const taken = ["Accel PageUp", "Accel PageDown", "Alt ArrowLeft", "Alt ArrowRight", "Alt Home", "Alt F4"];

describe("the settings of the extension", () => {
  it.each(schemas)("$file is a schema, with defaults that fit", ({ schema }) => {
    const defaults = Object.entries(schema.properties ?? {}).map(([name, { default: value }]) => [
      name,
      value,
    ]);
    const ajv = new Ajv({ strict: false });
    expect(ajv.validate(schema, Object.fromEntries(defaults)), ajv.errorsText()).toBe(true);
  });

  it("have shortcuts that nothing else has", () => {
    const isOurs = ({ command }: Shortcut) => command.startsWith("threads-and-loop:");
    const shortcuts = all.flatMap((schema) => schema["jupyter.lab.shortcuts"] ?? []);
    const ours = shortcuts.filter(isOurs).map(({ keys }) => keys.join(" "));
    const others = shortcuts.filter((one) => !isOurs(one)).map(({ keys }) => keys.join(" "));
    expect(ours.length).toBeGreaterThan(0);
    expect(new Set(ours).size).toBe(ours.length);
    expect(others.length).toBeGreaterThan(100);
    expect(ours.filter((keys) => others.includes(keys) || taken.includes(keys))).toEqual([]);
  });
});
