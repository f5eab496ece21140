import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { Kernelspec } from "notebook-tools/kernel-client";
import { locate, normalise } from "../contents/paths";
import { Assets } from "../http/assets";
import { HttpError } from "../http/errors";
import type { Reply } from "../http/reply";
import type { Call, Route } from "../http/router";
import type { Kernels } from "./kernels";

/** What of a kernelspec's folder a page may have. */
const isResource = /^(?:logo-[^/\\]*|kernel\.(?:js|css))$/;

/** Empty for a folder that may not be listed: the kernel can be had all the same. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function resources({ name, resourceDir }: Kernelspec): Record<string, string> {
  const files = filesIn(resourceDir).filter((file) => isResource.test(file));
  const addressOf = (file: string) => `/kernelspecs/${encodeURIComponent(name)}/${file}`;
  return Object.fromEntries(
    files.map((file) => [file.startsWith("logo-") ? path.parse(file).name : file, addressOf(file)]),
  );
}

function specModel(spec: Kernelspec) {
  const { name, argv, env, displayName, language, interruptMode, metadata } = spec;
  return {
    name,
    spec: {
      argv,
      env,
      display_name: displayName,
      language,
      interrupt_mode: interruptMode,
      kernel_protocol_version: "",
      metadata,
    },
    resources: resources(spec),
  };
}

/** The folder in which the kernel of a notebook works: the notebook's own. Throws `HttpError` 404 without one. */
export async function folderOf(root: string, apiPath: string): Promise<string> {
  const folder = path.posix.dirname(normalise(apiPath));
  const found = folder === "." ? root : await locate(root, folder);
  if (!statSync(found, { throwIfNoEntry: false })?.isDirectory())
    throw new HttpError(404, `There is no folder ${folder} for a kernel to work in.`);
  return found;
}

/** `/api/kernelspecs` and `/api/kernels`. */
export class KernelRoutes {
  constructor(
    readonly root: string,
    readonly kernels: Kernels,
  ) {}

  readonly routes: readonly Route[] = [
    ["GET", "/api/kernelspecs", "The kernels that there are", () => this.#specs()],
    [
      "GET",
      "/api/kernelspecs/{name}",
      "A kernel that there is",
      async (call) => ({ json: specModel(await this.#spec(call)) }),
    ],
    ["GET", "/kernelspecs/{name}/{file}", "A kernel's logo", (call) => this.#resource(call)],
    ["GET", "/api/kernels", "The kernels that run", () => this.#list()],
    ["POST", "/api/kernels", "Start a kernel", (call) => this.#start(call)],
    ["GET", "/api/kernels/{id}", "A kernel that runs", ({ params }) => this.#model(params.id)],
    ["DELETE", "/api/kernels/{id}", "Shut a kernel down", (call) => this.#remove(call)],
    ["POST", "/api/kernels/{id}/interrupt", "Interrupt what runs", (call) => this.#interrupt(call)],
    ["POST", "/api/kernels/{id}/restart", "Restart a kernel", (call) => this.#restart(call)],
  ];

  async #specs(): Promise<Reply> {
    const all = [...(await this.kernels.specs()).values()].map((spec) => [spec.name, specModel(spec)]);
    return { json: { default: await this.kernels.defaultName(), kernelspecs: Object.fromEntries(all) } };
  }

  async #spec({ params }: Call): Promise<Kernelspec> {
    const spec = (await this.kernels.specs()).get(params.name ?? "");
    if (!spec) throw new HttpError(404, `There is no kernel named ${params.name}`);
    return spec;
  }

  async #resource(call: Call): Promise<Reply> {
    const { file = "" } = call.params;
    if (!isResource.test(file)) throw new HttpError(404, `There is nothing at ${call.path}`);
    return new Assets((await this.#spec(call)).resourceDir).find(file, call);
  }

  #list(): Reply {
    return { json: this.kernels.list().map(({ id }) => this.kernels.model(id)) };
  }

  #model(id = "", status = 200): Reply {
    return { status, json: this.kernels.model(id) };
  }

  async #start(call: Call): Promise<Reply> {
    const { name, path: apiPath } = await call.body();
    const folder = await folderOf(this.root, typeof apiPath === "string" ? apiPath : "");
    const { id } = await this.kernels.start(typeof name === "string" ? name : undefined, folder);
    return { ...this.#model(id, 201), headers: { Location: `/api/kernels/${id}` } };
  }

  async #interrupt({ params }: Call): Promise<Reply> {
    await this.kernels.get(params.id ?? "").interrupt();
    return { status: 204 };
  }

  async #restart({ params }: Call): Promise<Reply> {
    try {
      await this.kernels.get(params.id ?? "").restart();
    } catch (error) {
      // Why a kernel does not start is for the person to read.
      throw error instanceof HttpError ? error : new HttpError(500, (error as Error).message);
    }
    return this.#model(params.id);
  }

  async #remove({ params }: Call): Promise<Reply> {
    await this.kernels.shutdown(params.id ?? "");
    return { status: 204 };
  }
}
