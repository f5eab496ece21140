/** Completion, inspection and completeness of code, in Jupyter's shapes. */

import type { CompletionEntry } from "typescript";
import { toCharacters, toUnits } from "../cursor";
import { breakpointLines } from "./breakpoint-lines";
import { inspected, type Question, token } from "./inspection";
import { isComplete } from "./is-complete";
import type { AnswerRequest } from "./protocol";
import type { TypeScript } from "./tsc";

type Ask = (declarations: string, code: string, position: number) => Question | undefined;

/** Signatures are worked out for the first so many entries, which front ends show at once, and for so long. */
const described = 12;
const describedMs = 5;

/** The name that is being written at a position, which the chosen entry replaces. */
function nameAt(code: string, position: number): { start: number; end: number } {
  const before =
    /[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*$/u.exec(code.slice(0, position))?.[0] ?? "";
  const after = before ? /^[\p{ID_Continue}$\u200c\u200d]*/u.exec(code.slice(position))![0] : "";
  return { start: position - before.length, end: position + after.length };
}

/** How well a name fits what is written: 0 begins with it, 1 does so but for capitals, 2 has it inside. */
function fit(name: string, written: string): number | undefined {
  if (name.startsWith(written)) return 0;
  const [small, sought] = [name.toLowerCase(), written.toLowerCase()];
  if (small.startsWith(sought)) return 1;
  return small.includes(sought) ? 2 : undefined;
}

export class Questions {
  constructor(
    private readonly ts: TypeScript,
    private readonly ask: Ask,
  ) {}

  warmUp() {
    this.ask("", "1", 0);
  }

  /** Positions in `content` and in the reply count characters, as Jupyter does. */
  answer({ msg_type, content, declarations = "" }: AnswerRequest): object {
    const { code } = content;
    if (typeof code !== "string") {
      const got = code === undefined ? "nothing" : JSON.stringify(code);
      throw new TypeError(`${msg_type} needs its \`code\` as a string, got ${got}`);
    }
    if (msg_type === "is_complete_request") return isComplete(this.ts, code);
    if (msg_type === "breakpoint_lines") return { lines: breakpointLines(this.ts, code) };
    const cursor = toUnits(code, content.cursor_pos ?? code.length);
    const question = this.ask(declarations, code, cursor);
    return msg_type === "inspect_request"
      ? inspected(this.ts, question)
      : this.#complete(code, cursor, question);
  }

  #entries({ program, file, position }: Question): readonly CompletionEntry[] {
    const { ts } = this;
    const host = {
      ...ts.sys,
      getCurrentDirectory: () => program.getCurrentDirectory(),
      getCompilationSettings: () => program.getCompilerOptions(),
      useCaseSensitiveFileNames: () => true,
    };
    const found = ts.Completions.getCompletionsAtPosition(
      host,
      program,
      () => undefined,
      file,
      position,
      { includeCompletionsWithInsertText: false },
      undefined,
      ts.CompletionTriggerKind.Invoked,
      token,
      undefined,
      true,
    );
    return found?.entries ?? [];
  }

  #complete(code: string, cursor: number, question: Question | undefined): object {
    const all = question ? this.#entries(question) : [];
    // In a string, as in a module's name, an entry replaces what TypeScript says.
    const inString = all.find(({ replacementSpan }) => replacementSpan)?.replacementSpan;
    const span = inString
      ? {
          start: cursor - (question!.position - inString.start),
          end: cursor - (question!.position - inString.start) + inString.length,
        }
      : nameAt(code, cursor);
    const written = code.slice(span.start, cursor);
    const entries = all
      .flatMap((entry) => {
        const rank = fit(entry.name, written);
        return rank === undefined ? [] : [{ entry, key: `${rank}${entry.sortText}` }];
      })
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
      .map(({ entry }) => entry);
    const [start, end] = [toCharacters(code, span.start), toCharacters(code, span.end)];
    const until = performance.now() + describedMs;
    const signature = (entry: CompletionEntry, index: number) =>
      index < described && performance.now() < until ? this.#signature(entry, question!) : "";
    const types = entries.map((entry, index) => ({
      start,
      end,
      text: entry.name,
      type: entry.kind,
      signature: signature(entry, index),
    }));
    return {
      status: "ok",
      matches: entries.map(({ name }) => name),
      cursor_start: start,
      cursor_end: end,
      metadata: { _jupyter_types_experimental: types },
    };
  }

  /** The signature of a function, or the type of a value. */
  #signature(
    { symbol }: CompletionEntry & { symbol?: import("typescript").Symbol },
    question: Question,
  ): string {
    const { ts } = this;
    if (!symbol || !(symbol.flags & (ts.SymbolFlags.Value | ts.SymbolFlags.Alias))) return "";
    const checker = question.program.getTypeChecker();
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const type = checker.getTypeOfSymbolAtLocation(target, question.file);
    const [call] = type.getCallSignatures();
    // Without the place names stand as they are: the shortest way to each from there takes longer than all the rest.
    return call ? checker.signatureToString(call) : checker.typeToString(type);
  }
}
