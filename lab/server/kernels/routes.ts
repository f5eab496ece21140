import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Kernelspec } from "notebook-tools";
import { locate, normalise } from "../contents/paths";
import { assetsOf } from "../http/assets";
import { type Call, HttpError, type Route } from "../http/router";
import type { Kernels, RunningKernel } from "./kernels";

function resources({ name, resourceDir }: Kernelspec): Record<string, string> {
  const logos = readdirSync(resourceDir).filter((file) => file.startsWith("logo-"));
  return Object.fromEntries(
    logos.map((file) => [path.parse(file).name, `/kernelspecs/${encodeURIComponent(name)}/${file}`]),
  );
}

function specModel(spec: Kernelspec) {
  const { name, argv, env, displayName, language, interruptMode, metadata } = spec;
  return {
    name,
    spec: { argv, env, display_name: displayName, language, interrupt_mode: interruptMode, metadata },
    resources: resources(spec),
  };
}

/** The folder in which the kernel of a notebook works: the notebook's own. Throws `HttpError` 404 without one. */
export async function folderOf(root: string, apiPath: string): Promise<string> {
  const folder = path.posix.dirname(normalise(apiPath));
  const found = folder === "." ? root : await locate(root, folder);
  if (!existsSync(found)) throw new HttpError(404, `There is no folder ${folder} for a kernel to work in.`);
  return found;
}

/** `/api/kernelspecs` and `/api/kernels`. */
export function kernelRoutes(root: string, kernels: Kernels): Route[] {
  const kernelOf = ({ params }: Call): RunningKernel => kernels.get(params[0] ?? "");

  function specs() {
    const all = [...kernels.specs().values()].map((spec) => [spec.name, specModel(spec)]);
    return { json: { default: kernels.defaultName(), kernelspecs: Object.fromEntries(all) } };
  }

  async function start(call: Call) {
    const { name, path: apiPath } = await call.body();
    const folder = await folderOf(root, typeof apiPath === "string" ? apiPath : "");
    const kernel = await kernels.start(typeof name === "string" ? name : undefined, folder);
    return { status: 201, json: kernel.model() };
  }

  async function interrupt(call: Call) {
    await kernelOf(call).interrupt();
    return { status: 204 };
  }

  async function restart(call: Call) {
    const kernel = kernelOf(call);
    await kernel.restart();
    return { json: kernel.model() };
  }

  async function remove({ params }: Call) {
    await kernels.shutdown(params[0] ?? "");
    return { status: 204 };
  }

  function logo(call: Call) {
    const [name = "", file = ""] = call.params;
    const spec = kernels.specs().get(name);
    if (!spec) throw new HttpError(404, `There is no kernel named ${name}`);
    return assetsOf(spec.resourceDir)({ ...call, params: [file] });
  }

  return [
    ["GET", /^\/api\/kernelspecs$/, specs],
    ["GET", /^\/kernelspecs\/([^/]+)\/(logo-[^/]+)$/, logo],
    ["GET", /^\/api\/kernels$/, () => ({ json: kernels.list().map((kernel) => kernel.model()) })],
    ["POST", /^\/api\/kernels$/, start],
    ["GET", /^\/api\/kernels\/([^/]+)$/, (call) => ({ json: kernelOf(call).model() })],
    ["DELETE", /^\/api\/kernels\/([^/]+)$/, remove],
    ["POST", /^\/api\/kernels\/([^/]+)\/interrupt$/, interrupt],
    ["POST", /^\/api\/kernels\/([^/]+)\/restart$/, restart],
  ];
}
