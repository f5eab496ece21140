/** Which room may import which: `npm run check`. The map and its reasons are in CONTRIBUTING.md. */
import { builtinModules } from "node:module";

const threads = "^kernel-helpers/threads/";
/** The rooms of threads/: each imports only from those before it. */
const rooms = ["task", "context", "closures", "worker", "sync", "loop", "executor", "structure"];

const room = (name, index) => ({
  name: `threads-${name}`,
  comment: `threads/${name} imports only from ${rooms.slice(0, index).join(", ") || "no other room"}.`,
  severity: "error",
  from: { path: `${threads}${name}/` },
  to: { path: threads, pathNot: `${threads}(${rooms.slice(0, index + 1).join("|")})/` },
});

/** The rooms of notebook-tools, each with those that it may import from. */
const notebookTools = [
  ["nbformat"],
  ["kernel-client"],
  ["export", "nbformat"],
  ["run", "nbformat", "kernel-client"],
  ["collection", "nbformat"],
  ["commands", "nbformat", "kernel-client", "run"],
];

const forbidden = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

export default {
  forbidden: [
    forbidden("no-circle", "No circle of imports, not even of types.", {}, { circular: true }),
    ...rooms.map(room),
    forbidden(
      "no-jupyter",
      "kernel-helpers knows of the kernel only in kernel/; threads/context and plots/show ask what it filled in.",
      { path: "^kernel-helpers/", pathNot: "^kernel-helpers/kernel/" },
      { path: "^kernel-helpers/kernel/" },
    ),
    ...notebookTools.map(([name, ...allowed]) =>
      forbidden(
        `notebook-tools-${name}`,
        `${name} imports only from ${allowed.join(", ") || "no other room"}.`,
        { path: `^notebook-tools/${name}/` },
        { path: "^notebook-tools/[^/]+/", pathNot: `^notebook-tools/(${[name, ...allowed].join("|")})/` },
      ),
    ),
    forbidden(
      "runs-in-a-browser",
      "The parts for browsers reach no module of Node.js, not even for a type.",
      { path: "^notebook-tools/[^/]+/browser\\.ts$" },
      { path: `^(node:)?(${builtinModules.join("|")})$`, reachable: true },
    ),
    forbidden(
      "kernel-compiler",
      "The compiler is a process of its own: it knows neither the cells' thread nor the sockets'.",
      { path: "^kernel-helpers/kernel/compiler/" },
      { path: "^kernel-helpers/kernel/(session|sockets)/", dependencyTypesNot: ["type-only"] },
    ),
    forbidden(
      "timing-is-below",
      "threads and plots use timing, not the other way round.",
      { path: "^kernel-helpers/timing/" },
      { path: "^kernel-helpers/(threads|plots)/" },
    ),
    forbidden(
      "inspector-alone",
      "One room opens the inspector, so that nobody ends a pause of another one.",
      { path: "^kernel-helpers/", pathNot: "^kernel-helpers/inspector/" },
      { path: "^(node:)?inspector" },
    ),
    forbidden(
      "inspector-is-a-leaf",
      "inspector uses no other room.",
      { path: "^kernel-helpers/inspector/" },
      { path: "^kernel-helpers/", pathNot: "^kernel-helpers/inspector/" },
    ),
    forbidden(
      "notebook-tools-alone",
      "notebook-tools works with any kernel.",
      { path: "^notebook-tools/" },
      { path: "^(kernel-helpers|lab)/" },
    ),
    forbidden(
      "lab-server",
      "lab/server takes kernels and notebooks from notebook-tools.",
      { path: "^lab/server/" },
      { path: "^kernel-helpers/" },
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules|/dist/" },
    exclude: { path: "node_modules|/dist/|\\.d\\.ts$" },
    // Imports of types, too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "kernel-helpers/tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".mjs", ".json"] },
  },
};
