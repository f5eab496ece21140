import { readdirSync, readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { unlessMissing, writeOwnFile } from "../contents/paths";
import { type Call, HttpError, type Route } from "../http/router";

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

/** `/lab/api/settings`: schemas from the bundle, the user's own values from `userFolder`. */
export function settingsRoutes(schemas: string, userFolder: string): Route[] {
  const plugins = readPlugins(schemas);
  const fileOf = ({ id }: Plugin) =>
    path.join(userFolder, `${id.replace(":", path.sep)}.jupyterlab-settings`);

  function pluginOf({ params }: Call): Plugin {
    const plugin = plugins.get(params[0] ?? "");
    if (!plugin) throw new HttpError(404, `No plugin has the settings ${params[0]}`);
    return plugin;
  }

  // JupyterLab parses `raw` (JSON with comments) itself and never reads the parsed `settings`.
  async function describe(plugin: Plugin) {
    const file = fileOf(plugin);
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

  async function list({ query }: Call) {
    const all = [...plugins.values()];
    if (query.get("ids_only") === "true") return { json: { settings: all.map(({ id }) => ({ id })) } };
    return { json: { settings: await Promise.all(all.map(describe)) } };
  }

  async function save(call: Call) {
    const plugin = pluginOf(call);
    const { raw } = await call.body();
    if (typeof raw !== "string") throw new HttpError(400, 'Settings must come as {"raw": "<text>"}.');
    await writeOwnFile(fileOf(plugin), raw);
    return { status: 204 };
  }

  return [
    ["GET", /^\/lab\/api\/settings\/?$/, list],
    ["GET", /^\/lab\/api\/settings\/(.+)$/, async (call) => ({ json: await describe(pluginOf(call)) })],
    ["PUT", /^\/lab\/api\/settings\/(.+)$/, save],
  ];
}
