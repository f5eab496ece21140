// Runs a corpus through tslab's converter and prints what it says: `node converter-host.cjs stock|ours < corpus`.
// stock is tslab alone, ours is tslab on the launcher's TypeScript.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const kernel = join(__dirname, "..", "..", "kernel-helpers", "dist", "kernel");
const fromTslab = require("node:module").createRequire(join(kernel, "compiler", "compiler.js"));

function stock() {
  const converter = fromTslab("tslab/dist/converter").createConverter({ isJS: false, isBrowser: false });
  return { converter, convert: converter.convert, addModule: converter.addModule };
}

function ours() {
  const { Compiler } = require(join(kernel, "compiler", "compiler.js"));
  const compiler = new Compiler();
  const compile = (declarations, source) => compiler.compile({ label: "cell 1", declarations, source });
  return {
    converter: compiler.node,
    convert: (declarations, source) => compile(declarations, source).converted,
    addModule: (_name, source) => compile("", source).diagnostics,
  };
}

const { converter, convert, addModule } = process.argv[2] === "stock" ? stock() : ours();
const { getCodeMetadata } = fromTslab("tslab/dist/metadata");
const { printQuickInfo } = fromTslab("tslab/dist/inspect");

function complete(declarations, code, position) {
  const { original, ...found } = converter.complete(declarations, code, position);
  return { ...found, kinds: original?.entries.map(({ kind, sortText }) => `${kind} ${sortText}`) };
}

function inspect(declarations, code, position) {
  const info = converter.inspect(declarations, code, position);
  return info && { text: printQuickInfo(info), kind: info.kind, span: info.textSpan };
}

/** The launcher adds a line before and a name after the output, and says when a cell must wait. */
function plain({ output, hasToplevelAwait, ...result }) {
  return { ...result, output: output?.replace(/^\n/, "").replace(/\n\/\/# sourceURL=.*$/, "") };
}

function session(cells, cursors) {
  let declarations = "";
  const converted = cells.map((cell) => {
    const { module } = getCodeMetadata(cell);
    if (module) return addModule(module, cell, {});
    const result = convert(declarations, cell);
    if (result.diagnostics.length === 0) declarations = result.declOutput ?? "";
    const middle = Math.floor(cell.length / 2);
    return [plain(result), inspect(declarations, cell, middle), inspect(declarations, cell, 0)];
  });
  const asked = cursors.map((text) => {
    const [position, code] = [text.indexOf("¦"), text.replace("¦", "")];
    return [complete(declarations, code, position), inspect(declarations, code, Math.max(0, position - 1))];
  });
  return { converted, asked };
}

const sessions = JSON.parse(readFileSync(0, "utf8"));
const answer = JSON.stringify(sessions.map(({ cells, cursors }) => session(cells, cursors)));
// The watchers of stock tslab would keep the process alive.
process.stdout.write(answer, () => process.exit());
