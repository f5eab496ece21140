import type { AnyNode, Class, MethodDefinition, PropertyDefinition, StaticBlock } from "acorn";
import { childrenOf, keyName } from "./syntax";

/**
 * What the text of a class makes, and the text to make it by in a thread. Static fields and static blocks do not run
 * there once more: what they made, and what has changed since, goes along as values.
 */
export interface ClassText {
  /** Its methods, getters and setters; `key` is undefined where it is computed. */
  methods: { key: string | undefined; static: boolean; kind: "method" | "get" | "set"; text: string }[];
  /** Its static fields and what they were given at first; private ones have their `#`. */
  statics: { key: string; text: string }[];
  /** The names in computed keys. They are read once, when the class is made, so V8 seldom keeps the variables. */
  keyNames: Set<string>;
  /** Its instances have private members, which nothing outside of it can copy. */
  privateMembers: boolean;
}

/** A part of the text, from the character `start` up to `end`, and what stands in its place. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** The name that stands for a class's superclass, whatever expression gave it. */
export const superclass = "superclass$";
/** The function that is given the setter of a class's private static fields. */
export const staticsSetter = "statics$";

type Element = MethodDefinition | PropertyDefinition | StaticBlock;

/** Positions count in `text`; those of the nodes are one more, for the bracket before it. */
export function readClass(node: Class, text: string): ClassText {
  const read: ClassText = { methods: [], statics: [], keyNames: new Set(), privateMembers: false };
  const slice = (part: { start: number; end: number }) => text.slice(part.start - 1, part.end - 1);
  for (const each of node.body.body) {
    if (each.type === "StaticBlock") continue;
    const key = keyName(each.key, each.computed);
    const isPrivate = key?.startsWith("#");
    if (each.computed && !isStaticState(each)) addNames(each.key, read.keyNames);
    if (isPrivate && !each.static) read.privateMembers = true;
    if (each.type === "PropertyDefinition") {
      if (each.static && key !== undefined)
        read.statics.push({ key, text: each.value ? slice(each.value) : "" });
    } else if (!isPrivate && each.kind !== "constructor") {
      read.methods.push({ key, static: each.static, kind: each.kind, text: withoutStatic(slice(each)) });
    }
  }
  return read;
}

function addNames(node: AnyNode, names: Set<string>): void {
  if (node.type === "Identifier") names.add(node.name);
  else if (node.type === "MemberExpression" && !node.computed) addNames(node.object, names);
  else for (const child of childrenOf(node)) addNames(child, names);
}

/** As V8 gives the text of a method. */
function withoutStatic(text: string): string {
  return text.replace(/^static(\s|\/\*[\s\S]*?\*\/|\/\/.*\n)+/, "");
}

/**
 * Takes what is not to run again out of the tree, and says how to take it out of the text. The static fields in
 * `kept` stay: their functions are what the text says, and mean something inside of the class alone.
 */
export function reduceClass(node: Class, text: string, kept: ReadonlySet<string>): Edit[] {
  const edits: Edit[] = [];
  const fields: string[] = [];
  node.body.body = node.body.body.filter((each) => {
    if (!isStaticState(each)) return true;
    const key = each.type === "StaticBlock" ? undefined : keyName(each.key, each.computed);
    if (key !== undefined && kept.has(key)) return true;
    const isPrivate = key?.startsWith("#") && each.type === "PropertyDefinition";
    const start = (isPrivate ? each.key.end : each.start) - 1;
    if (isPrivate) fields.push(key!);
    edits.push({ start, end: each.end - 1, text: `;${linesOf(text.slice(start, each.end - 1))}` });
    return false;
  });
  if (fields.length > 0) {
    const sets = fields.map((key) => `this.${key} = values["${key}"];`).join(" ");
    const end = node.body.end - 2;
    edits.push({ start: end, end, text: `static { ${staticsSetter}((values) => { ${sets} }); }` });
  }
  return edits;
}

function isStaticState(each: Element): each is PropertyDefinition | StaticBlock {
  return each.type === "StaticBlock" || (each.type === "PropertyDefinition" && each.static);
}

/** So that line numbers in stacks still count in the class's own text. */
function linesOf(text: string): string {
  return "\n".repeat(text.split("\n").length - 1);
}

export function edited(text: string, edits: Edit[]): string {
  let result = text;
  for (const each of edits.sort((a, b) => b.start - a.start)) {
    result = result.slice(0, each.start) + each.text + result.slice(each.end);
  }
  return result;
}
