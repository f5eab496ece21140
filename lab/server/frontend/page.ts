import type { Reply } from "../http/reply";
import type { Call } from "../http/router";

/** Plugins that ask for what this server does not have: language servers, news from the network. */
const disabledExtensions = [
  "@jupyterlab/apputils-extension:announcements",
  "@jupyterlab/fileeditor-extension:language-server",
  "@jupyterlab/notebook-extension:language-server",
];

/** What every page of one server is told. */
export interface PageOptions {
  readonly version: string;
  readonly scripts: readonly string[];
  readonly root: string;
  /** Whether what is deleted goes to the trash; JupyterLab's dialog says which. */
  readonly usesTrash: boolean;
}

/** What the page tells JupyterLab about where it is; every value is a string, as PageConfig wants them. */
function pageConfig(
  { version, root, usesTrash }: PageOptions,
  treePath: string,
  workspace: string,
  mode: string,
) {
  return {
    appName: "JupyterLab",
    appNamespace: "lab",
    appVersion: version,
    appUrl: "/lab",
    baseUrl: "/",
    treeUrl: "/lab/tree",
    settingsUrl: "/lab/api/settings",
    themesUrl: "/lab/api/themes",
    translationsApiUrl: "/lab/api/translations",
    workspacesApiUrl: "/lab/api/workspaces",
    licensesUrl: "/lab/api/licenses",
    fullStaticUrl: "/static/lab",
    cacheFiles: "true",
    delete_to_trash: String(usesTrash),
    devMode: "false",
    // What our own server alone offers to our extension.
    exportsSites: "true",
    disabledExtensions: JSON.stringify(disabledExtensions),
    mode,
    notebookStartsKernel: "true",
    notebookVersion: "[2, 0, 0]",
    quitButton: "true",
    serverRoot: root,
    terminalsAvailable: "false",
    token: "",
    treePath,
    workspace,
  };
}

// A script element ends at the first "</script", whatever is around it.
const asScript = (value: unknown) => JSON.stringify(value).replaceAll("<", "\\u003c");

/** Serves `/lab`, `/lab/tree/<path>`, `/lab/workspaces/<name>/tree/<path>` and `/doc/tree/<path>`. */
export function labPage(options: PageOptions) {
  return ({ path, params }: Call): Reply => {
    const { workspace = "default", tree = "" } = params;
    const mode = path.startsWith("/doc") ? "single-document" : "multiple-document";
    const config = pageConfig(options, tree, workspace, mode);
    const tags = options.scripts
      .map((name) => `<script defer src="/static/lab/${name}"></script>`)
      .join("\n  ");
    return {
      text: `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>JupyterLab</title>
  <link rel="icon" type="image/svg+xml" href="/favicon.svg" class="idle favicon">
  <link rel="" type="image/svg+xml" href="/favicon-busy.svg" class="busy favicon">
  <script id="jupyter-config-data" type="application/json">${asScript(config)}</script>
  ${tags}
</head>
<body></body>
</html>
`,
    };
  };
}

const svg = (colour: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="${colour}" stroke-width="4">
<circle cx="16" cy="16" r="10"/><path d="M4 16h6m12 0h6" stroke-linecap="round"/></svg>
`;

/** The tab's icon, a loop with a thread through it: grey while idle, orange while a kernel is busy. */
export const favicon = (busy: boolean): Reply => ({
  text: svg(busy ? "#f37726" : "#616161"),
  headers: { "Content-Type": "image/svg+xml", "Cache-Control": "max-age=86400" },
});

/** What a visitor without the token sees; `next` is the page that is opened once it is given. */
export const loginPage = (next: string): Reply => ({
  status: 403,
  text: `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Token required</title>
<body style="font: 16px/1.5 system-ui; max-width: 40em; margin: 4em auto; padding: 0 1em">
<h1>This JupyterLab asks for its token</h1>
<p>Open the whole address, with <code>?token=</code>, that <code>npm start</code> printed in the terminal,
or enter the token here. It changes each time the server starts.</p>
<form method="post" action="/login?next=${encodeURIComponent(next)}">
<label>Token <input name="token" type="password" autocomplete="off" size="50" autofocus></label>
<button>Log in</button></form>
</body></html>
`,
});
