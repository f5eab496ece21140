import { homedir, tmpdir } from "node:os";

/** Errors that nobody foresaw: each costs what it happened in, is counted, and is said without paths and secrets. */
export class Faults {
  #count = 0;
  readonly #replacements: readonly (readonly [text: string, replacement: string])[];

  /** `names` are texts that must not leave the server (folders, the token), with what stands for them. */
  constructor(names: Record<string, string>) {
    const all = { ...names, [homedir()]: "~", [tmpdir()]: "<tmp>" };
    // The longest first, since one folder may lie in another.
    this.#replacements = Object.entries(all)
      .filter(([text]) => text.length > 1)
      .sort(([a], [b]) => b.length - a.length);
  }

  /** How many there were since the server started. */
  get count(): number {
    return this.#count;
  }

  /** The text without folders of this machine and without secrets. */
  redact(text: string): string {
    return this.#replacements.reduce((rest, [name, other]) => rest.replaceAll(name, other), text);
  }

  /** Counts the error and writes it to the terminal. */
  report(where: string, error: unknown): void {
    this.#count++;
    const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
    const text = this.redact(`The server failed on ${where}: ${name}: ${message}`);
    // An address may hold what a terminal would obey.
    console.error(text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, "\ufffd"));
  }
}
