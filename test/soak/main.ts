/**
 * `npm run soak`: runs every test/soak/NAME.soak.ts in turn: what takes minutes, and shows only then whether
 * something grows. Ends with 1 when one of them finds something.
 *
 *     npm run soak -- runner        only this
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

interface SoakModule {
  /** Resolves to a line about what was seen; rejects when it is not as it should be. */
  soak(): Promise<string>;
}

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".soak.ts"));
const names = files.map((file) => file.slice(0, -".soak.ts".length));
const chosen = process.argv.slice(2);
const unknown = chosen.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`There is no soak test ${unknown}; there are ${names.join(", ")}.`);
  process.exit(2);
}
for (const name of chosen.length > 0 ? chosen : names) {
  const started = performance.now();
  const module: SoakModule = await import(pathToFileURL(join(import.meta.dirname, `${name}.soak.ts`)).href);
  try {
    const seen = await module.soak();
    console.log(`${name}: ${seen}, in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  } catch (error) {
    process.exitCode = 1;
    console.error(`${name} failed: ${(error as Error).message}`);
  }
}
