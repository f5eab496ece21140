import { readFile } from "node:fs/promises";
import path from "node:path";
import { unlessMissing, writeOwnFile } from "../contents/paths";
import { HttpError } from "../http/errors";
import type { Reply } from "../http/reply";
import type { Call, Route } from "../http/router";

type Section = Record<string, unknown>;

const isSection = (value: unknown): value is Section =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** `changes` laid over `section`, as Jupyter does: objects are merged, `null` removes. */
function merged(section: Section, changes: Section): Section {
  const entries = new Map(Object.entries(section));
  for (const [name, value] of Object.entries(changes)) {
    const old = entries.get(name);
    if (value === null) entries.delete(name);
    else entries.set(name, isSection(value) ? merged(isSection(old) ? old : {}, value) : value);
  }
  return Object.fromEntries(entries);
}

/** `/api/config/<section>`: what front ends other than JupyterLab keep, one file a section in `folder`. */
export class Config {
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly folder: string) {}

  readonly routes: readonly Route[] = [
    [
      "GET",
      "/api/config/{section}",
      "A section of a front end's settings",
      async (call) => ({ json: await this.#read(call) }),
    ],
    [
      "PUT",
      "/api/config/{section}",
      "Replace a section",
      (call) => this.#change(call, (_, body) => body, 204),
    ],
    ["PATCH", "/api/config/{section}", "Change a section", (call) => this.#change(call, merged, 200)],
  ];

  #fileOf({ params }: Call): string {
    const { section = "" } = params;
    if (/^[\w-]{1,100}$/.test(section)) return path.join(this.folder, `${section}.json`);
    throw new HttpError(404, `There is no section ${section}`);
  }

  async #read(call: Call): Promise<Section> {
    const file = this.#fileOf(call);
    const text = await unlessMissing(() => readFile(file, "utf8"));
    try {
      const value: unknown = JSON.parse(text ?? "{}");
      return isSection(value) ? value : {};
    } catch {
      return {};
    }
  }

  /** One change after the other, since each builds upon the last. */
  async #change(
    call: Call,
    change: (old: Section, body: Section) => Section,
    status: number,
  ): Promise<Reply> {
    const body = await call.body();
    const write = async (): Promise<Reply> => {
      const section = change(await this.#read(call), body);
      await writeOwnFile(this.#fileOf(call), JSON.stringify(section));
      return status === 204 ? { status } : { json: section };
    };
    const done = this.#last.then(write, write);
    this.#last = done.catch(() => {});
    return done;
  }
}
