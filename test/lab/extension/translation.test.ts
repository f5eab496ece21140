import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { russian } from "../../../lab/extension/src/russian";
import { project } from "../playground";

const source = path.join(project, "lab", "extension", "src");

/** The texts that the extension shows: the first argument of `__` and of the pure parts' `translate`. */
const texts = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => [
    ...readFileSync(path.join(source, file), "utf8").matchAll(/(?:__|translate)\(\s*("(?:[^"\\]|\\.)*")/g),
  ])
  .map(([, literal]) => JSON.parse(literal!) as string);

const placeholders = (text: string) => (text.match(/%\d/g) ?? []).sort();

describe("the Russian words of the extension", () => {
  it("are there for each text, and for nothing else", () => {
    expect(texts.length).toBeGreaterThan(20);
    expect(Object.keys(russian).sort()).toEqual([...new Set(texts)].sort());
  });

  it.each(Object.entries(russian))("of %j take the same values", (text, words) => {
    expect(placeholders(words)).toEqual(placeholders(text));
    expect(words).toMatch(/[а-яё]|%/i);
  });
});
