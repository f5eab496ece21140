import { chmodSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { removeLeftConnectionFiles } from "notebook-tools/kernel-client";
import { Background } from "./contents/background";
import { Contents } from "./contents/contents";
import { Exports } from "./contents/export";
import { hasTrash } from "./contents/trash";
import { TrustStore } from "./contents/trust";
import { Config } from "./frontend/config";
import { type Bundle, frontendRoutes } from "./frontend/routes";
import { ServerInfo } from "./frontend/server-info";
import { Settings } from "./frontend/settings";
import { Workspaces } from "./frontend/workspaces";
import { Auth } from "./http/auth";
import { Faults } from "./http/faults";
import { createFrontDoor } from "./http/front-door";
import { listen } from "./http/port";
import { type Route, Router } from "./http/router";
import { Channels } from "./kernels/channels";
import { Kernels } from "./kernels/kernels";
import { KernelRoutes } from "./kernels/routes";
import { Sessions } from "./kernels/sessions";

export interface LabOptions {
  /** The folder that the file browser shows; nothing outside it is served. */
  readonly root: string;
  /** The folder that `npm run build` in lab/app made. */
  readonly bundle: string;
  /** Where settings, layouts, checkpoints, secrets and the record of trusted outputs are kept. */
  readonly userFolder: string;
  /** The port to listen on; 0 takes any free one. */
  readonly port: number;
  /** Take the next free port when `port` is in use. Default false. */
  readonly nextFreePort?: boolean;
  /** Shut down kernels that no page is connected to after so many idle seconds. Default 0: never. */
  readonly cullIdleSeconds?: number;
  /** Move what is deleted to the system's trash. Default: where there is one. */
  readonly usesTrash?: boolean;
  /** Called when a page asks the server to stop (File, Shut Down). */
  readonly onShutdown?: () => void;
}

export interface Lab {
  readonly port: number;
  readonly token: string;
  /** Where errors that nobody foresaw are counted and said. */
  readonly faults: Faults;
  /** All that it answers, the first line that fits before the others. */
  readonly routes: readonly Route[];
  /** The address that opens a document, such as `notebooks/00-index.ipynb`, or none, with the token in it. */
  addressOf(document?: string): string;
  /** Ends all kernels and all connections, within 3 s. */
  close(): Promise<void>;
}

const project = path.resolve(__dirname, "..", "..", "..");

function readBundle(folder: string): Bundle {
  try {
    const manifest = JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8"));
    return { ...manifest, folder };
  } catch {
    throw new Error(
      `JupyterLab's bundle is not in ${folder}. Run \`npm start\`, which makes it, or \`npm ci\` and \`npm run build\` in lab/app.`,
    );
  }
}

/** Makes the folder of secrets and settings, which only this user may enter. */
function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    chmodSync(folder, 0o700);
  } catch {
    // It is somebody else's folder; the files with secrets in it are still private.
  }
}

/**
 * Starts the server on 127.0.0.1. Throws when the bundle is missing or when no port can be had, with
 * what to do.
 */
export async function startLab(options: LabOptions): Promise<Lab> {
  const bundle = readBundle(options.bundle);
  const root = realpathSync(options.root);
  makePrivate(options.userFolder);
  const userFolder = realpathSync(options.userFolder);
  const inUserFolder = (name: string) => path.join(userFolder, name);
  await removeLeftConnectionFiles();

  const door = createFrontDoor();
  const port = await listen(door.server, options.port, options.nextFreePort ?? false);
  const auth = new Auth(port, inUserFolder("session"));
  const faults = new Faults({
    [root]: "<root>",
    [userFolder]: "<user>",
    [project]: "<project>",
    [auth.token]: "<token>",
  });

  const background = new Background();
  const cullIdleSeconds = options.cullIdleSeconds ?? 0;
  const kernels = new Kernels({ record: inUserFolder("kernels"), cullIdleSeconds, faults, background });
  const channels = new Channels(kernels, faults);
  kernels.connectionsOf = (id) => channels.connectionsOf(id);

  const trust = new TrustStore(userFolder);
  const usesTrash = options.usesTrash ?? hasTrash();
  const contents = new Contents({ root, userFolder, trust, background, usesTrash });
  await contents.recover();

  const info = new ServerInfo({ kernels, faults, onShutdown: () => options.onShutdown?.() });
  const routes = [
    ...info.routes,
    ...frontendRoutes({ bundle, root, usesTrash }),
    ...new Settings(path.join(options.bundle, "schemas"), inUserFolder("settings")).routes,
    ...new Workspaces(inUserFolder("workspaces")).routes,
    ...new Config(inUserFolder("config")).routes,
    ...contents.routes,
    ...new Exports(root, background).routes,
    ...new KernelRoutes(root, kernels).routes,
    ...new Sessions(root, kernels).routes,
  ];
  info.all = routes;
  const upgrade = channels.upgrade.bind(channels);
  door.open({ auth, router: new Router(routes), upgrade, faults });

  return {
    port,
    token: auth.token,
    faults,
    routes,
    addressOf: (document) => {
      const encoded = document?.split("/").map(encodeURIComponent).join("/");
      return `http://127.0.0.1:${port}/lab${encoded ? `/tree/${encoded}` : ""}?token=${auth.token}`;
    },
    async close() {
      const closed = new Promise((resolve) => door.server.close(resolve));
      await Promise.all([channels.close(), kernels.close()]);
      door.server.closeAllConnections();
      await closed;
    },
  };
}
