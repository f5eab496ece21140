import { fileURLToPath } from "node:url";

/** The path of a tiny notebook, by its name. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/notebooks/${name}.ipynb`, import.meta.url));
}
