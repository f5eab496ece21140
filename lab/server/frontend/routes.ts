import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { locate, normalise } from "../contents/paths";
import { Assets, immutable } from "../http/assets";
import { HttpError } from "../http/errors";
import { attachment, type Reply } from "../http/reply";
import type { Call, Handler, Route } from "../http/router";
import { favicon, labPage } from "./page";
import { translationRoutes } from "./translations";

/** What the bundle says of itself: `lab/app/build/manifest.json`. */
export interface Bundle {
  readonly folder: string;
  readonly version: string;
  readonly scripts: readonly string[];
}

const user = {
  username: "local",
  name: "Local user",
  display_name: "Local user",
  initials: "L",
  avatar_url: null,
  color: null,
};

/** Who has the token may do everything that is asked about, but change who they are. */
function me({ query }: Call): Reply {
  const wrong = new HttpError(400, '`permissions` must be a JSON object of {"resource": ["action"]}.');
  let asked: unknown;
  try {
    asked = JSON.parse(query.get("permissions") || "{}");
  } catch {
    throw wrong;
  }
  if (asked === null || typeof asked !== "object" || Array.isArray(asked)) throw wrong;
  const isList = (value: unknown) =>
    Array.isArray(value) && value.every((action) => typeof action === "string");
  if (!Object.values(asked).every(isList)) throw wrong;
  return { json: { identity: user, permissions: { ...asked, updatable_fields: [] } } };
}

/** A file of the tree as it is, for downloads and for images in Markdown; its scripts get no origin. */
function fileOf(root: string): Handler {
  const headers = { "Content-Security-Policy": "sandbox allow-scripts; frame-ancestors 'self'" };
  return async ({ params, query }) => {
    const file = await locate(root, normalise(params.path ?? ""));
    const isSaved = query.has("download") && query.get("download") !== "0";
    return { file, headers: isSaved ? { ...headers, ...attachment(path.basename(file)) } : headers };
  };
}

/** The packages of the bundle with their licences, in Jupyter's shape; the texts only where they are asked for. */
function licensesOf({ folder }: Bundle): Handler {
  const file = path.join(folder, "licenses.json");
  return async ({ query }) => {
    if (!existsSync(file)) throw new HttpError(404, "The bundle has no list of licences; build it again.");
    const packages: Record<string, unknown>[] = JSON.parse(await readFile(file, "utf8"));
    const isFull = query.get("full_text") !== "false";
    const shown = isFull ? packages : packages.map(({ extractedText: _, ...rest }) => rest);
    return { json: { bundles: { "@jupyterlab/application-top": { packages: shown } } }, isLarge: true };
  };
}

const moved = (to: (call: Call) => string): Handler => {
  return (call) => ({ status: 302, headers: { Location: to(call) } });
};

/** Where the classic notebook had its pages. */
const inTree = moved(({ path: address }) => address.replace(/^\/(?:tree|edit|notebooks)/, "/lab/tree"));

export interface FrontendOptions {
  readonly bundle: Bundle;
  readonly root: string;
  readonly usesTrash: boolean;
}

/** The page, its static files and what JupyterLab asks about its surroundings. */
export function frontendRoutes({ bundle, root, usesTrash }: FrontendOptions): readonly Route[] {
  const page = labPage({ version: bundle.version, scripts: bundle.scripts, root, usesTrash });
  const scripts = new Assets(path.join(bundle.folder, "static"), immutable);
  const themes = new Assets(path.join(bundle.folder, "themes"));
  return [
    ["GET", "/", "To the start page", moved(() => "/lab")],
    ["GET", "/lab", "JupyterLab", page],
    ["GET", "/lab/tree/{tree*}", "JupyterLab with a document", page],
    ["GET", "/lab/workspaces/{workspace}", "JupyterLab with a layout of its own", page],
    ["GET", "/lab/workspaces/{workspace}/tree/{tree*}", "The same with a document", page],
    ["GET", "/doc/tree/{tree*}", "A document alone", page],
    ["GET", "/doc/workspaces/{workspace}/tree/{tree*}", "The same with a layout of its own", page],
    ["GET", "/tree/{path*}", "To JupyterLab, from the classic notebook's page", inTree],
    ["GET", "/edit/{path+}", "The same of a file", inTree],
    ["GET", "/notebooks/{path+}", "The same of a notebook", inTree],
    [
      "GET",
      "/static/lab/{name+}",
      "A part of JupyterLab",
      (call) => scripts.find(call.params.name ?? "", call),
    ],
    [
      "GET",
      "/lab/api/themes/{name+}",
      "A part of a theme",
      (call) => themes.find(call.params.name ?? "", call),
    ],
    ["GET", "/favicon.ico", "The tab's icon", () => favicon(false)],
    ["GET", "/favicon.svg", "The tab's icon", () => favicon(false)],
    ["GET", "/favicon-busy.svg", "The tab's icon while a kernel is busy", () => favicon(true)],
    ["GET", "/lab/api/licenses", "The licences of JupyterLab's packages", licensesOf(bundle)],
    ...translationRoutes,
    ["GET", "/files/{path+}", "A file as it is", fileOf(root)],
    ["GET", "/api/me", "Who is asking", me],
  ];
}
