// Bundles JupyterLab into build/: `static/` for the browser, `schemas/` and `themes/` for the server.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const require = createRequire(import.meta.url);
const { rspack } = require("@rspack/core");
const { Build } = require("@jupyter/builder");
const jupyterRules = require("@jupyter/builder/lib/webpack.config.base");

const work = path.join(here, "build.next");
const done = path.join(here, "build");
const manifestOf = (name) => require(`${name}/package.json`);
const app = JSON.parse(readFileSync(path.join(here, "package.json"), "utf8"));

/** The dependencies that say in their own package.json that they extend JupyterLab, with the file to import. */
function extensions(kind) {
  const found = [];
  for (const name of Object.keys(app.dependencies)) {
    const entry = manifestOf(name).jupyterlab?.[kind];
    if (entry) found.push(entry === true ? name : `${name}/${entry}`);
  }
  return found;
}

function writeEntry() {
  const list = (files) => `[${files.map((file) => `\n  require(${JSON.stringify(file)}),`).join("")}\n]`;
  const text = `exports.extensions = ${list(extensions("extension"))};
exports.mimeExtensions = ${list(extensions("mimeExtension"))};\n`;
  writeFileSync(path.join(work, "extensions.js"), text);
}

function bundle() {
  const filename = "[name].[contenthash].js";
  return {
    ...jupyterRules,
    mode: "production",
    // Nothing is known to read the maps, and they double the build.
    devtool: false,
    entry: { main: path.join(here, "main.js") },
    output: {
      ...jupyterRules.output,
      path: path.join(work, "static"),
      publicPath: "/static/lab/",
      filename,
      chunkFilename: filename,
    },
    resolve: {
      ...jupyterRules.resolve,
      alias: { "lab-extensions": path.join(work, "extensions.js"), "lab-style": path.join(work, "style.js") },
    },
    optimization: {
      // Measured: compressing makes the build three to four times longer and the page slower to start.
      minimizer: [
        new rspack.SwcJsMinimizerRspackPlugin({ minimizerOptions: { compress: false, mangle: true } }),
      ],
    },
    performance: { hints: false },
  };
}

/** Runs the configurations and returns the first one's chunks. */
async function run(configurations) {
  const compiler = rspack(configurations);
  const stats = await promisify(compiler.run.bind(compiler))();
  await promisify(compiler.close.bind(compiler))();
  if (stats.hasErrors()) throw new Error(stats.toString({ preset: "errors-only", colors: false }));
  return stats.stats[0].toJson({ all: false, entrypoints: true }).entrypoints;
}

async function build() {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  writeEntry();
  const packageNames = Object.keys(app.dependencies).filter((name) => manifestOf(name).jupyterlab);
  const themes = Build.ensureAssets({ packageNames, output: work });
  const { main } = await run([bundle(), ...themes]);
  const scripts = main.assets.map((asset) => asset.name).filter((name) => name.endsWith(".js"));
  const version = manifestOf("@jupyterlab/application").version;
  writeFileSync(path.join(work, "manifest.json"), `${JSON.stringify({ version, scripts }, null, 2)}\n`);
  rmSync(done, { recursive: true, force: true });
  renameSync(work, done);
}

if (!existsSync(path.join(here, "node_modules"))) {
  console.error("lab/app is not installed: run `npm ci` in lab/app, then build again.");
  process.exit(1);
}
build().catch((error) => {
  console.error(`JupyterLab could not be bundled: ${error.message}`);
  process.exitCode = 1;
});
