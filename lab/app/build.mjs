// Bundles JupyterLab, with our own extension in it, into build/: `static/` for the browser, `schemas/` and `themes/`
// for the server. The extension alone, for other JupyterLabs, goes into ../extension/labextension.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import zlib from "node:zlib";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const require = createRequire(import.meta.url);
const { rspack } = require("@rspack/core");
const { Build } = require("@jupyter/builder");
const jupyterRules = require("@jupyter/builder/lib/webpack.config.base");

const work = path.join(here, "build.next");
const done = path.join(here, "build");
const own = path.join(here, "..", "extension");
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
  const text = `exports.extensions = ${list([...extensions("extension"), own])};
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

/** Runs the configurations and returns the first one's chunks, and the files that all are made of. */
async function run(configurations) {
  const compiler = rspack(configurations);
  const stats = await promisify(compiler.run.bind(compiler))();
  await promisify(compiler.close.bind(compiler))();
  if (stats.hasErrors()) throw new Error(stats.toString({ preset: "errors-only", colors: false }));
  const { entrypoints } = stats.stats[0].toJson({ all: false, entrypoints: true });
  return {
    entrypoints,
    sources: stats.stats.flatMap(({ compilation }) => [...compilation.fileDependencies]),
  };
}

/** The folder of the package that a file belongs to, `undefined` for a file of ours. */
const packageOf = (file) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file)?.[0];

/** A package as JupyterLab's list of licences has it. */
function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const text = readdirSync(folder).find((file) => /^(licen[cs]e|copying)/i.test(file));
  const extractedText = text ? readFileSync(path.join(folder, text), "utf8") : "";
  return { name, versionInfo: version, licenseId: license?.type ?? license ?? "", extractedText };
}

function licenses(sources) {
  const folders = new Set(sources.map(packageOf));
  const packages = [...folders].filter((folder) => folder && existsSync(path.join(folder, "package.json")));
  return packages.map(licenseOf).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Writes a `.br` and a `.gz` beside each file of text that is large enough to gain by it. */
async function compress(folder) {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  const files = readdirSync(folder, { recursive: true }).filter((name) =>
    /\.(js|css|json|svg|ttf|wasm)$/.test(name),
  );
  const both = files.map(async (name) => {
    const file = path.join(folder, name);
    const bytes = readFileSync(file);
    if (bytes.length < 1024) return;
    // The last two of eleven steps take ten times as long, for a tenth less.
    const params = { [BROTLI_PARAM_QUALITY]: 9, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
    const brotli = promisify(zlib.brotliCompress)(bytes, { params });
    const gzip = promisify(zlib.gzip)(bytes, { level: 9 });
    writeFileSync(`${file}.br`, await brotli);
    writeFileSync(`${file}.gz`, await gzip);
  });
  await Promise.all(both);
}

function node(what, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: here, encoding: "utf8" });
  if (status !== 0) throw new Error(`${what} failed:\n${stdout}${stderr}`);
}

/** Compiles our own extension, and makes of it what any JupyterLab 4 can load. */
function buildOwn() {
  // It is compiled by the packages that are installed here, and has none of its own.
  const packages = path.join(own, "node_modules");
  rmSync(packages, { recursive: true, force: true });
  symlinkSync(path.join(here, "node_modules"), packages, "junction");
  node("The compiler", path.join(here, "../../node_modules/typescript/bin/tsc"), "-p", own);
  const builder = require.resolve("@jupyter/builder/lib/build-labextension");
  const core = require.resolve("@jupyterlab/core-meta/core.package.json");
  node("build-labextension", builder, "--core-package-file", core, own);
}

async function build() {
  buildOwn();
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  writeEntry();
  const packageNames = Object.keys(app.dependencies).filter((name) => manifestOf(name).jupyterlab);
  const themes = Build.ensureAssets({ packageNames, packagePaths: [own], output: work });
  const { entrypoints, sources } = await run([bundle(), ...themes]);
  const scripts = entrypoints.main.assets.map((asset) => asset.name).filter((name) => name.endsWith(".js"));
  const version = manifestOf("@jupyterlab/application").version;
  writeFileSync(path.join(work, "licenses.json"), JSON.stringify(licenses(sources)));
  await compress(path.join(work, "static"));
  await compress(path.join(work, "themes"));
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
