import type { Faults } from "../http/faults";
import type { Reply } from "../http/reply";
import type { Route } from "../http/router";
import type { Kernels } from "../kernels/kernels";

/** The version of Jupyter Server whose REST API this is, as clients ask for it. */
const version = "2.21.0";

type Operations = Record<string, object>;

/** The route table as an OpenAPI 3 document; JSON is YAML, too. */
function openApi(routes: readonly Route[]): string {
  const paths = new Map<string, Operations>();
  for (const [method, address, summary] of routes) {
    const names = [...address.matchAll(/\{(\w+)[*+]?\}/g)].map(([, name]) => name);
    const parameters = names.map((name) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    }));
    const key = address.replace(/[*+]\}/g, "}");
    const responses = {
      default: { description: "JSON, or `{message, reason}` with a status of 400 or more" },
    };
    paths.set(key, { ...paths.get(key), [method.toLowerCase()]: { summary, parameters, responses } });
  }
  const info = { title: "Lab server", version, description: "Jupyter's REST API as this server has it." };
  return `${JSON.stringify({ openapi: "3.0.3", info, paths: Object.fromEntries(paths) }, null, 2)}\n`;
}

export interface ServerInfoOptions {
  readonly kernels: Kernels;
  readonly faults: Faults;
  /** Called when a page asks the server to stop. */
  readonly onShutdown: () => void;
}

/** What the server says of itself, and the request to stop it. */
export class ServerInfo {
  readonly #started = new Date();
  /** All routes of the server. */
  all: readonly Route[] = [];

  constructor(readonly options: ServerInfoOptions) {}

  readonly routes: readonly Route[] = [
    ["GET", "/api", "The version", () => ({ json: { version } })],
    ["GET", "/api/status", "How the server is doing", () => this.#status()],
    ["GET", "/api/spec.yaml", "This list", () => this.#spec()],
    ["POST", "/api/shutdown", "Stop the server", () => this.#shutdown()],
  ];

  #status(): Reply {
    const running = this.options.kernels.list();
    const connections = running.reduce((sum, { id }) => sum + this.options.kernels.connectionsOf(id), 0);
    const last = Math.max(
      this.#started.getTime(),
      ...running.map(({ lastActivity }) => lastActivity.getTime()),
    );
    return {
      json: {
        started: this.#started.toISOString(),
        last_activity: new Date(last).toISOString(),
        kernels: running.length,
        connections,
        // Not in Jupyter's: how many errors nobody foresaw.
        errors: this.options.faults.count,
      },
    };
  }

  #spec(): Reply {
    return { text: openApi(this.all), headers: { "Content-Type": "text/x-yaml; charset=utf-8" } };
  }

  #shutdown(): Reply {
    this.options.onShutdown();
    return { json: {} };
  }
}
