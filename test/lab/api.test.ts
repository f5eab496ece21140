import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort, type JupyterServer, jupyterMissing, startJupyterServer } from "./jupyter-server";
import { type Client, makePlayground, openLab } from "./playground";

const why = jupyterMissing ? ` (LEFT OUT: ${jupyterMissing})` : "";

/** Routes of Jupyter's description that this server does not have, each with the reason. */
const leftOut: Record<string, string> = {
  "GET /api/resolvePath": "its own JupyterLab does not ask for it; a path is resolved by who has the file",
  "GET /api/terminals": "there are no terminals: a page that had one could do all that the person can",
  "POST /api/terminals": "the same",
  "GET /api/terminals/{terminal_id}": "the same",
  "DELETE /api/terminals/{terminal_id}": "the same",
};

/** Names that an answer has here and not there, or the other way round, each with the reason. */
const knownDifferences: Record<string, string> = {
  "+errors": "how many errors nobody foresaw; in /api/status",
  "-reason": "why a kernel is dead; it stands in the terminal, and the page is told by a message",
  "-traceback": "the same",
  "-updatable_fields[]": "nobody here has a name of their own to change; in /api/me",
};

interface Ids {
  kernel: string;
  session: string;
}
type Step = readonly [route: string, address: (ids: Ids) => string, body?: object, keep?: keyof Ids];

const notebook = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [] };
const contents = (name: string) => () => `/api/contents/${name}`;
const kernel = ({ kernel }: Ids) => `/api/kernels/${kernel}`;
const session = ({ session }: Ids) => `/api/sessions/${session}`;

/** Each route of the description at least once, in an order in which each has what it is about. */
const steps: readonly Step[] = [
  ["GET /api/", () => "/api"],
  ["GET /api/contents/{path}", contents("")],
  ["GET /api/contents/{path}", contents("a.txt")],
  ["GET /api/contents/{path}", contents("a.png")],
  ["GET /api/contents/{path}", contents("n.ipynb")],
  ["GET /api/contents/{path}", contents("sub?content=0")],
  ["GET /api/contents/{path}", contents("none.txt")],
  ["GET /api/contents/{path}", contents("a.txt?type=directory")],
  ["PUT /api/contents/{path}", contents("b.txt"), { type: "file", format: "text", content: "b" }],
  ["PUT /api/contents/{path}", contents("b.txt"), { type: "file", format: "text", content: "c" }],
  ["PUT /api/contents/{path}", contents("m.ipynb"), { type: "notebook", format: "json", content: notebook }],
  ["PUT /api/contents/{path}", contents("folder"), { type: "directory" }],
  ["POST /api/contents/{path}", contents("sub"), { type: "notebook" }],
  ["POST /api/contents/{path}", contents("sub"), { type: "file", ext: ".ts" }],
  ["POST /api/contents/{path}", contents(""), { copy_from: "a.txt" }],
  ["POST /api/contents/{path}", contents(""), { copy_from: "sub" }],
  ["PATCH /api/contents/{path}", contents("b.txt"), { path: "c.txt" }],
  ["PATCH /api/contents/{path}", contents("c.txt"), { path: "a.txt" }],
  ["POST /api/contents/{path}/checkpoints", contents("c.txt/checkpoints")],
  ["GET /api/contents/{path}/checkpoints", contents("c.txt/checkpoints")],
  ["POST /api/contents/{path}/checkpoints/{checkpoint_id}", contents("c.txt/checkpoints/checkpoint")],
  ["DELETE /api/contents/{path}/checkpoints/{checkpoint_id}", contents("c.txt/checkpoints/checkpoint")],
  ["DELETE /api/contents/{path}/checkpoints/{checkpoint_id}", contents("c.txt/checkpoints/checkpoint")],
  ["DELETE /api/contents/{path}", contents("c.txt")],
  ["DELETE /api/contents/{path}", contents("none.txt")],
  ["GET /api/kernelspecs", () => "/api/kernelspecs"],
  ["GET /api/config/{section_name}", () => "/api/config/notebook"],
  ["PATCH /api/config/{section_name}", () => "/api/config/notebook", { a: { b: 1 } }],
  ["POST /api/kernels", () => "/api/kernels", { name: "tslab" }, "kernel"],
  ["GET /api/kernels", () => "/api/kernels"],
  ["GET /api/kernels/{kernel_id}", kernel],
  ["POST /api/kernels/{kernel_id}/interrupt", (ids) => `${kernel(ids)}/interrupt`],
  ["POST /api/kernels/{kernel_id}/restart", (ids) => `${kernel(ids)}/restart`],
  [
    "POST /api/sessions",
    () => "/api/sessions",
    { path: "n.ipynb", name: "n", type: "notebook", kernel: { name: "tslab" } },
    "session",
  ],
  ["GET /api/sessions", () => "/api/sessions"],
  ["GET /api/sessions/{session}", session],
  ["PATCH /api/sessions/{session}", session, { path: "m.ipynb", name: "m", type: "notebook" }],
  ["DELETE /api/sessions/{session}", session],
  ["GET /api/sessions/{session}", session],
  ["DELETE /api/kernels/{kernel_id}", kernel],
  ["GET /api/kernels/{kernel_id}", kernel],
  ["GET /api/me", () => "/api/me"],
  ["GET /api/me", () => `/api/me?permissions=${encodeURIComponent('{"contents":["read","write"]}')}`],
  ["GET /api/me", () => "/api/me?permissions=5"],
  ["GET /api/status", () => "/api/status"],
  ["GET /api/spec.yaml", () => "/api/spec.yaml"],
];

/** The routes that Jupyter's description names; it is laid out so that two patterns find them. */
function routesOf(description: string): string[] {
  const paths = description.slice(description.indexOf("\npaths:"), description.indexOf("\ndefinitions:"));
  let current = "";
  return paths.split("\n").flatMap((line) => {
    current = /^ {2}(\/\S+):$/.exec(line)?.[1] ?? current;
    const method = /^ {4}(get|put|post|patch|delete):$/.exec(line)?.[1];
    return method ? [`${method.toUpperCase()} ${current}`] : [];
  });
}

/** Each name in a value with the kind of what it holds, as in `content.cells[]: object`; nothing is said of `null`. */
function shapeOf(value: unknown, name = ""): string[] {
  if (Array.isArray(value)) return [`${name}: list`, ...(value.length ? shapeOf(value[0], `${name}[]`) : [])];
  if (value === null || typeof value !== "object")
    return [`${name}: ${value === null ? "null" : typeof value}`];
  return Object.entries(value).flatMap(([key, item]) => shapeOf(item, `${name}.${key}`));
}

/** What one has and the other has not. */
function differences(ours: unknown, theirs: unknown): string[] {
  const names = (value: unknown) =>
    new Map(shapeOf(value).map((line) => line.split(": ") as [string, string]));
  const [a, b] = [names(ours), names(theirs)];
  const isOther = (name: string) =>
    a.get(name) !== b.get(name) && ![a.get(name), b.get(name)].includes("null");
  const last = (name: string) => name.split(".").at(-1)!;
  return [
    ...[...a.keys()].filter((name) => !b.has(name)).map((name) => `+${last(name)}`),
    ...[...b.keys()].filter((name) => !a.has(name)).map((name) => `-${last(name)}`),
    ...[...a.keys()].filter((name) => b.has(name) && isOther(name)).map((name) => `${a.get(name)} ${name}`),
  ].filter((difference) => !(difference in knownDifferences));
}

describe.skipIf(jupyterMissing !== undefined)(`the REST API beside Jupyter Server's${why}`, () => {
  const play = makePlayground();
  const roots = [play.root, path.join(play.user, "..", "jupyter-root")];
  let ours: Client;
  let theirs: JupyterServer;
  let description: string;

  beforeAll(async () => {
    for (const root of roots) {
      mkdirSync(path.join(root, "sub"), { recursive: true });
      writeFileSync(path.join(root, "a.txt"), "a");
      writeFileSync(path.join(root, "a.png"), Buffer.from([0x89, 0x50, 0xff]));
      writeFileSync(path.join(root, "n.ipynb"), JSON.stringify(notebook));
    }
    ours = await openLab(play);
    theirs = await startJupyterServer(roots[1]!, await freePort());
    description = await (await theirs.call("GET", "/api/spec.yaml")).text();
  });

  afterAll(async () => {
    await ours?.lab.close();
    await theirs?.close();
    play.remove();
  });

  it("walks every route that Jupyter describes, but those that are left out for a reason", () => {
    const walked = new Set([...steps.map(([route]) => route), ...Object.keys(leftOut)]);
    expect([...walked].sort()).toEqual(routesOf(description).sort());
  });

  it("answers each with the same status and the same names", async () => {
    const ids: Ids[] = [
      { kernel: "", session: "" },
      { kernel: "", session: "" },
    ];
    const found: Record<string, unknown> = {};
    for (const [route, address, body, keep] of steps) {
      const method = route.split(" ")[0]!;
      const answers = await Promise.all(
        [ours, theirs].map(async (server, index) => {
          const answer = await server.call(method, address(ids[index]!), body);
          const text = await answer.text();
          // What an error says besides its message is each server's own, and not always JSON.
          const isJson = answer.ok && text !== "" && !route.includes("spec.yaml");
          const json = isJson ? JSON.parse(text) : null;
          if (keep) ids[index]![keep] = json.id;
          return { status: answer.status, json };
        }),
      );
      const [a, b] = answers as [(typeof answers)[0], (typeof answers)[0]];
      const shape = differences(a.json, b.json);
      if (a.status !== b.status) shape.push(`status ${a.status}, Jupyter ${b.status}`);
      if (shape.length > 0) found[`${method} ${address({ kernel: "ID", session: "ID" })}`] = shape;
    }
    expect(found).toEqual({});
  });

  it.each(Object.entries(leftOut))("has no %s: %s", async (route) => {
    const [method = "", address = ""] = route.split(" ");
    expect((await ours.call(method, address.replace(/\{\w+\}/, "1"))).status).toBe(404);
  });
});
