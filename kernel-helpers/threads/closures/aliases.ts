import type { Expression, Pattern, Super } from "acorn";
import { keyName, memberName, type Scope } from "./syntax";

/** What is captured, by whatever name it is changed: `const { rows } = table; for (const row of rows) row.n = 1`. */

/** `name.a.b` as its name and the properties to follow from it; undefined stands for one that is computed. */
export interface Receiver {
  name: string;
  path: (string | undefined)[];
}

function receiverOf(node: Expression | Super): Receiver | undefined {
  if (node.type === "ChainExpression") return receiverOf(node.expression);
  if (node.type === "Identifier") return { name: node.name, path: [] };
  if (node.type !== "MemberExpression") return undefined;
  const outer = receiverOf(node.object);
  return outer && { name: outer.name, path: [...outer.path, memberName(node)] };
}

/** The names that a pattern gives to the receiver, or to parts of it. */
function aliasesOf(pattern: Pattern, receiver: Receiver): [name: string, receiver: Receiver][] {
  if (pattern.type === "Identifier") return [[pattern.name, receiver]];
  if (pattern.type !== "ObjectPattern") return [];
  return pattern.properties.flatMap((each) => {
    const key = each.type === "Property" ? keyName(each.key, each.computed) : undefined;
    if (each.type !== "Property" || key === undefined) return [];
    return aliasesOf(each.value, { name: receiver.name, path: [...receiver.path, key] });
  });
}

/** One of its items. */
export function itemOf(receiver: Receiver | undefined): Receiver | undefined {
  return receiver && { name: receiver.name, path: [...receiver.path, undefined] };
}

/** The variable's own name; that of an earlier cell is a property of `exports`. */
export function variableOf({ name, path }: Receiver): string {
  return name === "exports" ? (path[0] ?? name) : name;
}

/** The constants of a function that are other names for what it captures, or for a part of that. */
export class Aliases {
  readonly #byScope = new WeakMap<Scope, Map<string, Receiver>>();
  /** What a callback is given. */
  readonly #items = new WeakMap<object, Receiver>();

  of(name: string, scope: Scope): Receiver | undefined {
    const holder = scope.holder(name);
    return holder && this.#byScope.get(holder)?.get(name);
  }

  /** What the expression leads to, by whatever name, if that is captured. */
  captured(node: Expression | Super, scope: Scope): Receiver | undefined {
    const found = receiverOf(node);
    const alias = found && this.of(found.name, scope);
    if (alias) return { name: alias.name, path: [...alias.path, ...found.path] };
    return found && !scope.has(found.name) ? found : undefined;
  }

  /** The pattern, which the scope declares, names the receiver or parts of it. */
  add(pattern: Pattern, receiver: Receiver | undefined, scope: Scope): void {
    if (!receiver) return;
    for (const [name, part] of aliasesOf(pattern, receiver)) {
      const holder = scope.holder(name)!;
      const known = this.#byScope.get(holder) ?? new Map<string, Receiver>();
      this.#byScope.set(holder, known.set(name, part));
    }
  }

  /** The callback is given the items of the list. */
  giveItems(list: Receiver | undefined, callback: object): void {
    const item = itemOf(list);
    if (item) this.#items.set(callback, item);
  }

  givenTo(callback: object): Receiver | undefined {
    return this.#items.get(callback);
  }
}
