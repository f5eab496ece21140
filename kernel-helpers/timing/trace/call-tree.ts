import { type BlockFrame, readableFrames } from "../frames";
import type { ProfileNode, ThreadProfile } from "./profiler";

/** A function with those that it called, over a stretch of time; times in ms. */
export interface CallTree {
  name: string;
  file: string;
  line: number;
  /** How long it was on the stack, with what it called. */
  total: number;
  /** How long it was itself the innermost function. */
  self: number;
  calls: CallTree[];
}

/**
 * What a thread computed between two moments of the recording, merged over time, the longest first. The root stands
 * for all computing. Functions of Node, of installed packages and of this one are folded into whoever called them,
 * into the root itself where nobody else did; what the engine has inlined is in nobody's sample and so is not there.
 */
export function callTree(profile: ThreadProfile, from: number, to: number): CallTree {
  const root = newTree("", "", 0);
  const trees = new Map(profile.nodes.slice(0, 1).map(({ id }) => [id, root]));
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  for (const node of parentsFirst(profile.nodes, byId)) place(node, trees, byId);
  for (const { id, ms } of samplesWithin(profile, from, to)) {
    const tree = trees.get(id);
    if (tree) tree.self += ms;
  }
  total(root);
  return root;
}

/** The nodes of a profile from its root down, each one after its caller. */
export function parentsFirst(
  nodes: ProfileNode[],
  byId = new Map(nodes.map((node) => [node.id, node])),
): ProfileNode[] {
  const ordered = nodes.slice(0, 1);
  for (let index = 0; index < ordered.length; index++)
    for (const child of ordered[index]!.children ?? []) {
      const node = byId.get(child);
      if (node) ordered.push(node);
    }
  return ordered;
}

/** What a thread does while it does not compute. */
const notComputing = new Set(["(idle)", "(program)"]);

/** Gives each child of the node its tree: of its own, or its caller's where it is folded. */
function place(
  { id, children = [] }: ProfileNode,
  trees: Map<number, CallTree>,
  byId: Map<number, ProfileNode>,
): void {
  const parent = trees.get(id);
  for (const child of children) {
    const frame = byId.get(child)?.callFrame;
    if (!frame || !parent || notComputing.has(frame.functionName)) continue;
    const { functionName: name, url: file, lineNumber: line, columnNumber: column } = frame;
    const isNode = file.startsWith("node:") || (file === "" && !name.startsWith("(") && parent.name === "");
    const [readable] = isNode ? [] : readableFrames([{ name, file, line, column }]);
    trees.set(child, readable ? childOf(parent, named(readable, parent)) : parent);
  }
}

/** A function that was sent to a worker is known there by the label of its script alone. */
function named(frame: BlockFrame, parent: CallTree): BlockFrame {
  const sent =
    frame.name === "(anonymous)" && frame.file !== parent.file && /^\[(.+) in a worker/.exec(frame.file);
  return sent ? { ...frame, name: sent[1]! } : frame;
}

/** Two nodes of one function below one caller are one, as where folding has joined their callers. */
function childOf(
  parent: CallTree,
  { name, file, line }: { name: string; file: string; line: number },
): CallTree {
  const known = parent.calls.find((call) => call.name === name && call.file === file && call.line === line);
  if (known) return known;
  const tree = newTree(name, file, line);
  parent.calls.push(tree);
  return tree;
}

function newTree(name: string, file: string, line: number): CallTree {
  return { name, file, line, total: 0, self: 0, calls: [] };
}

/** A sample stands for the time until the next one. */
function samplesWithin({ start, samples, timeDeltas }: ThreadProfile, from: number, to: number) {
  const within: { id: number; ms: number }[] = [];
  let at = start;
  for (const [index, id] of samples.entries()) {
    at += Math.max(0, timeDeltas[index] ?? 0) / 1000;
    const next = at + Math.max(0, timeDeltas[index + 1] ?? 0) / 1000;
    const ms = Math.min(to, next) - Math.max(from, at);
    if (ms > 0) within.push({ id, ms });
  }
  return within;
}

function total(tree: CallTree): number {
  tree.total = tree.self;
  for (const call of tree.calls) tree.total += total(call);
  tree.calls = tree.calls.filter((call) => call.total > 0).sort((a, b) => b.total - a.total);
  return tree.total;
}
