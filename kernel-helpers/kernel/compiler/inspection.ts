/** What a name is, or how the function is called in whose arguments the cursor stands. */

import type { Program, QuickInfo, SignatureHelpItem, SourceFile, SymbolDisplayPart } from "typescript";
import { definition } from "./definition";
import type { TypeScript } from "./tsc";

/** Code in its program, behind the declarations of the cells before; undefined where there is nothing to ask about. */
export interface Question {
  file: SourceFile;
  program: Program;
  position: number;
}

type Parts = readonly SymbolDisplayPart[] | undefined;
type Tags = QuickInfo["tags"];

/** An explanation: code first, then sentences. */
interface Explanation {
  code: string[];
  text: string[];
}

/** Nothing is cancelled. */
export const token = { isCancellationRequested: () => false, throwIfCancellationRequested: () => undefined };
/** Overloads and call signatures that are shown. */
const mostSignatures = 6;

const plain = (parts: Parts) => (parts ?? []).map(({ text }) => text).join("");

/** `@param`, `@returns` and their kin, a paragraph each. */
function tagTexts(tags: Tags): string[] {
  return (tags ?? []).flatMap(({ name, text }) => {
    const said = plain(text);
    if (!said) return [];
    if (name !== "example") return [`*@${name}* ${said}`];
    return [`*@example*`, said.includes("```") ? said : `\`\`\`typescript\n${said}\n\`\`\``];
  });
}

/** The name under the cursor, and what its type can be called with where its own line does not say so. */
function quickInfo(ts: TypeScript, { file, program, position }: Question): Explanation | undefined {
  const checker = program.getTypeChecker();
  const touched = ts.getTouchingPropertyName(file, position);
  const node =
    ts.isNewExpression(touched.parent) && touched.pos === touched.parent.pos
      ? touched.parent.expression
      : touched;
  if (node === file) return undefined;
  const symbol = checker.getSymbolAtLocation(node);
  if (!symbol || checker.isUnknownSymbol(symbol)) {
    if (!ts.isExpressionNode(node) || ts.isLiteralExpression(node)) return undefined;
    const type = checker.getTypeAtLocation(node);
    // Nothing is known of a name that nothing declares.
    if (type.flags & ts.TypeFlags.Any) return undefined;
    return { code: [checker.typeToString(type, file)], text: [] };
  }
  const { getSymbolDisplayPartsDocumentationAndSymbolKind: describe } = ts.SymbolDisplay;
  const container = ts.findAncestor(
    node.parent,
    (each) => ts.isFunctionLike(each) || ts.isClassLike(each) || ts.isSourceFile(each),
  );
  const { displayParts, documentation, tags } = describe(checker, symbol, file, container, node);
  const text = [plain(documentation), ...tagTexts(tags)].filter(Boolean);
  const type =
    ts.isExpressionNode(node) || ts.isIdentifier(node) ? checker.getTypeAtLocation(node) : undefined;
  const isInterface = type?.symbol && type.symbol.flags & ts.SymbolFlags.Interface;
  const calls = isInterface ? type.getCallSignatures().slice(0, mostSignatures) : [];
  const name = node.getText(file);
  return {
    code: [plain(displayParts), ...calls.map((call) => `${name}${checker.signatureToString(call, file)}`)],
    text: [
      ...new Set([...text, ...calls.map((call) => plain(call.getDocumentationComment(checker)))]),
    ].filter(Boolean),
  };
}

function signature({
  prefixDisplayParts,
  separatorDisplayParts,
  suffixDisplayParts,
  parameters,
}: SignatureHelpItem): string {
  const inside = parameters.map(({ displayParts }) => plain(displayParts)).join(plain(separatorDisplayParts));
  return plain(prefixDisplayParts) + inside + plain(suffixDisplayParts);
}

/** The call whose arguments the cursor is among: its signature, the parameter that comes, the other overloads. */
function signatureHelp(ts: TypeScript, { file, program, position }: Question): Explanation | undefined {
  const help = ts.SignatureHelp.getSignatureHelpItems(program, file, position, undefined, token);
  if (!help) return undefined;
  const { items, selectedItemIndex, argumentIndex } = help;
  const chosen = items[selectedItemIndex]!;
  const others = items.filter((each) => each !== chosen).slice(0, mostSignatures - 1);
  const last = chosen.parameters.length - 1;
  const active = chosen.parameters[chosen.isVariadic ? Math.min(argumentIndex, last) : argumentIndex];
  const about = active && plain(active.documentation);
  return {
    code: [chosen, ...others].map(signature),
    text: [
      ...(active ? [`**${plain(active.displayParts)}**${about ? `: ${about}` : ""}`] : []),
      plain(chosen.documentation),
      ...tagTexts(chosen.tags),
    ].filter(Boolean),
  };
}

/** Whether the cursor touches a name; then that is what is asked about, and not the call around it. */
function touchesName(ts: TypeScript, { file, position }: Question): boolean {
  const node = ts.getTouchingPropertyName(file, position);
  return (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) && node.getText(file) !== "";
}

const withoutMarks = (text: string) => text.replace(/^\*\*(.*?)\*\*/, "$1").replace(/^\*(@\w+)\*/, "$1");

/** The content of `inspect_reply`. */
export function inspected(ts: TypeScript, question: Question | undefined): object {
  const ways = [quickInfo, signatureHelp];
  if (question && !touchesName(ts, question)) ways.reverse();
  const found = question && ways.map((way) => way(ts, question)).find(Boolean);
  const metadata = question ? definition(ts, question) : {};
  if (!found) return { status: "ok", found: false, data: {}, metadata };
  const code = found.code.join("\n");
  const data = {
    "text/plain": [code, ...found.text.map(withoutMarks)].join("\n\n"),
    "text/markdown": [`\`\`\`typescript\n${code}\n\`\`\``, ...found.text].join("\n\n"),
  };
  return { status: "ok", found: true, data, metadata };
}
