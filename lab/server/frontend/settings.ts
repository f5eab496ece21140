import { readdirSync, readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { unlessMissing, writeOwnFile } from "../contents/paths";
import { HttpError } from "../http/errors";
import type { Reply } from "../http/reply";
import type { Call, Route } from "../http/router";

type Schema = Record<string, unknown> & { properties?: Record<string, Record<string, unknown>> };

/** Defaults that differ from JupyterLab's: it must not ask the network for news and versions. */
const overrides: Record<string, Record<string, unknown>> = {
  "@jupyterlab/apputils-extension:notification": { fetchNews: "false", checkForUpdates: false },
};

interface Plugin {
  readonly id: string;
  readonly schema: Schema;
  readonly version: string;
}

function readPlugin(folder: string, name: string, file: string): Plugin {
  const id = `${name}:${path.basename(file, ".json")}`;
  const schema: Schema = JSON.parse(readFileSync(path.join(folder, file), "utf8"));
  for (const [key, value] of Object.entries(overrides[id] ?? {})) {
    const property = schema.properties?.[key];
    if (property) property.default = value;
  }
  const { version } = JSON.parse(readFileSync(path.join(folder, "package.json.orig"), "utf8"));
  return { id, schema, version };
}

/** Every plugin that has settings, from the schemas that the bundle brought: `<scope>/<package>/<plugin>.json`. */
function readPlugins(schemas: string): Map<string, Plugin> {
  const plugins = new Map<string, Plugin>();
  for (const scope of readdirSync(schemas)) {
    for (const name of readdirSync(path.join(schemas, scope))) {
      const folder = path.join(schemas, scope, name);
      for (const file of readdirSync(folder).filter((file) => file.endsWith(".json"))) {
        const plugin = readPlugin(folder, `${scope}/${name}`, file);
        plugins.set(plugin.id, plugin);
      }
    }
  }
  return plugins;
}

/** `/lab/api/settings`: schemas from the bundle, the user's own values from `folder`. */
export class Settings {
  readonly #plugins: Map<string, Plugin>;

  constructor(
    schemas: string,
    readonly folder: string,
  ) {
    this.#plugins = readPlugins(schemas);
  }

  readonly routes: readonly Route[] = [
    ["GET", "/lab/api/settings", "All settings", (call) => this.#list(call)],
    [
      "GET",
      "/lab/api/settings/{id+}",
      "A plugin's settings",
      async (call) => ({ json: await this.#describe(this.#get(call)) }),
    ],
    ["PUT", "/lab/api/settings/{id+}", "Save a plugin's settings", (call) => this.#save(call)],
  ];

  #get({ params }: Call): Plugin {
    const plugin = this.#plugins.get(params.id ?? "");
    if (!plugin) throw new HttpError(404, `No plugin has the settings ${params.id}`);
    return plugin;
  }

  #fileOf({ id }: Plugin): string {
    return path.join(this.folder, `${id.replace(":", path.sep)}.jupyterlab-settings`);
  }

  // JupyterLab parses `raw` (JSON with comments) itself and never reads the parsed `settings`.
  async #describe(plugin: Plugin) {
    const file = this.#fileOf(plugin);
    const raw = (await unlessMissing(() => readFile(file, "utf8"))) ?? "{}";
    const times = await unlessMissing(() => stat(file));
    return {
      ...plugin,
      raw,
      settings: {},
      last_modified: times?.mtime.toISOString() ?? null,
      created: times?.birthtime.toISOString() ?? null,
    };
  }

  async #list({ query }: Call): Promise<Reply> {
    const all = [...this.#plugins.values()];
    if (query.get("ids_only") === "true") return { json: { settings: all.map(({ id }) => ({ id })) } };
    const settings = await Promise.all(all.map((plugin) => this.#describe(plugin)));
    return { json: { settings }, isLarge: true };
  }

  async #save(call: Call): Promise<Reply> {
    const plugin = this.#get(call);
    const { raw } = await call.body();
    if (typeof raw !== "string") throw new HttpError(400, 'Settings must come as {"raw": "<text>"}.');
    await writeOwnFile(this.#fileOf(plugin), raw);
    return { status: 204 };
  }
}
