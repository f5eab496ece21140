import path from "node:path";
import { locate } from "../contents/paths";
import { assetsOf, immutable } from "../http/assets";
import { attachment, type Call, type Reply, type Route } from "../http/router";
import { favicon, labPage, tokenWanted } from "./page";

/** What the bundle says of itself: `lab/app/build/manifest.json`. */
export interface Bundle {
  readonly folder: string;
  readonly version: string;
  readonly scripts: readonly string[];
}

const english = { displayName: "English", nativeName: "English" };
const user = {
  username: "local",
  name: "Local user",
  display_name: "Local user",
  initials: "L",
  avatar_url: null,
  color: null,
};

/** A file of the tree as it is, for downloads and for images in Markdown; its scripts get no origin. */
function filesRoute(root: string): Route {
  const headers = { "Content-Security-Policy": "sandbox allow-scripts; frame-ancestors 'self'" };
  const handle = async ({ params, query }: Call): Promise<Reply> => {
    const apiPath = params[0] ?? "";
    const file = await locate(root, apiPath);
    return {
      file,
      headers: query.has("download") ? { ...headers, ...attachment(path.basename(file)) } : headers,
    };
  };
  return ["GET", /^\/files\/(.+)$/, handle];
}

/**
 * The page, its static files and what JupyterLab asks about its surroundings.
 * `clearCookie` is the `Set-Cookie` value that logs a browser out.
 */
export function labRoutes(bundle: Bundle, root: string, clearCookie: string): Route[] {
  const page = labPage(bundle.version, bundle.scripts, root);
  const json = (value: unknown) => () => ({ json: value });
  return [
    ["GET", /^\/$/, () => ({ status: 302, headers: { Location: "/lab" } })],
    ["GET", /^\/(?:lab|doc)(?:\/workspaces\/([^/]+))?(?:\/tree(?:\/(.*))?)?\/?$/, page],
    ["GET", /^\/logout$/, () => ({ ...tokenWanted, headers: { "Set-Cookie": clearCookie } })],
    ["GET", /^\/static\/lab\/(.+)$/, assetsOf(path.join(bundle.folder, "static"), immutable)],
    ["GET", /^\/lab\/api\/themes\/(.+)$/, assetsOf(path.join(bundle.folder, "themes"))],
    ["GET", /^\/favicon\.(?:ico|svg)$/, () => favicon(false)],
    ["GET", /^\/favicon-busy\.svg$/, () => favicon(true)],
    ["GET", /^\/lab\/api\/translations\/?$/, json({ data: { en: english }, message: "" })],
    ["GET", /^\/lab\/api\/translations\/.+$/, json({ data: {}, message: "" })],
    ["GET", /^\/api\/?$/, json({ version: "2.0.0" })],
    ["GET", /^\/api\/me$/, json({ identity: user, permissions: {} })],
    filesRoute(root),
  ];
}
