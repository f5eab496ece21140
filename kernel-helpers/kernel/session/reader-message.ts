/** Messages that Node words from the compiled script, in the words of the reader's own source. */

/** `(0 , exports.name)` and `(0 , module_1.name)`: how a function of elsewhere is called. */
const compiledCall = /\(0 , (?:exports|([\w$]+?)_\d+)\.([\p{ID_Continue}$]+)\)/gu;
/** `exports.name`: how a name of an earlier cell is read. */
const compiledName = /(?<![\w$.])exports\.(?=[\p{ID_Start}$_])/gu;
/** What V8 words from the script's text. */
const fromScript = / is not (?:a function|a constructor|iterable|async iterable)|^Cannot destructure /;

const ownName = (text: string) =>
  text
    .replace(compiledCall, (_, module: string, name: string) => (name === "default" ? module : name))
    .replace(compiledName, "");

/** Where a string, a template or a comment that begins at `from` ends; `from` itself if none does. */
function skipped(text: string, from: number): number {
  const rest = text.slice(from);
  const token =
    /^(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\/)/.exec(rest);
  return from + (token?.[0].length ?? 0);
}

/** The call in `source` whose name or bracket stands at a position: from its name to the end of the first argument. */
export function callAt(source: string, line: number, column: number): string | undefined {
  const before = source.split(/\r?\n/).slice(0, line - 1);
  const at = before.reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
  const text = source.replaceAll("\r\n", "\n");
  const open = text.indexOf("(", at);
  if (open < 0) return undefined;
  const name = /[\p{ID_Continue}$.?!]*$/u.exec(text.slice(0, open))![0];
  let depth = 0;
  for (let index = open; index < text.length; ) {
    const next = skipped(text, index);
    if (next > index) {
      index = next;
      continue;
    }
    const unit = text[index]!;
    if ("([{".includes(unit)) depth++;
    if (")]}".includes(unit)) depth--;
    if (depth === 0 || (depth === 1 && unit === ",")) return `${name}${text.slice(open, index).trimEnd()})`;
    index++;
  }
  return undefined;
}

interface Message {
  name: string;
  message: string;
  /** Whether Node's `assert` has worded it from the script. */
  isGenerated: boolean;
}

const falsy = "The expression evaluated to a falsy value:";

/** The message as the reader would word it; `call` finds the text of the failing call. */
export function readerMessage(
  { name, message, isGenerated }: Message,
  call: () => string | undefined,
): string {
  if (isGenerated && message.startsWith(falsy)) {
    const text = call();
    return text ? `${falsy}\n\n  ${text.replaceAll("\n", "\n  ")}\n` : ownName(message);
  }
  // Which scripts asked for a module that is missing says nothing: they are the kernel's.
  if (message.startsWith("Cannot find module ")) return message.replace(/\nRequire stack:[\s\S]*$/, "");
  return name === "TypeError" && fromScript.test(message) ? ownName(message) : message;
}

/** How a script that does not parse is told: its line, the text of it, and a mark below. */
const unparsed = /^evalmachine\.<anonymous>:(\d+)\n.*\n(\s*)\^+\n/;

/** Gives a syntax error that V8 finds, where the compiler found none, its place in `file` as a frame. */
export function placeSyntaxError(error: unknown, file: string) {
  if (!(error instanceof SyntaxError)) return;
  const [, line, before] = unparsed.exec(error.stack ?? "") ?? [];
  if (line) error.stack = `${error}\n    at ${file}:${line}:${before!.length + 1}`;
}
