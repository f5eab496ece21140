import type { ClassText } from "./class-text";

/** A change of an object from outside a function, such as `results.push(1)` or `counter.n++`. */
export interface Mutation {
  /** The properties that lead from the variable to the object; undefined for one that is computed. */
  path: (string | undefined)[];
  /** The method that may change the object; undefined for what surely does. */
  method?: string;
  /** The expression. */
  text: string;
}

/** How one name from outside a function is used inside it. */
export interface Use {
  /** The properties read as `name.property`. */
  members: Set<string>;
  /** True when the name is also used in any other way than `name.property`. */
  whole: boolean;
  /** The variables that the function assigns to: the name itself, or those of a notebook's `exports`. */
  writes: Set<string>;
  /** What it may change of the object that the variable holds. */
  mutations: Mutation[];
  /** The variables whose value it returns or posts: the name itself, or those of a notebook's `exports`. */
  handedOut: Set<string>;
  /** The functions that it calls: the name itself, or its members. */
  calls: Set<string>;
  /** True when its only use is as the first argument of a call back to the loop. */
  loopOnly: boolean;
}

export function newUse(): Use {
  return {
    members: new Set(),
    whole: false,
    writes: new Set(),
    mutations: [],
    handedOut: new Set(),
    calls: new Set(),
    loopOnly: false,
  };
}

/** What the text of a function says about it. */
export interface Analysis {
  text: string;
  /** An expression that makes the function anew. */
  source: string;
  shape: "expression" | "method" | "class" | "native";
  /** The names that the function takes from outside: captured variables and globals. */
  free: Map<string, Use>;
  /** `this`, `arguments`, `super` or `new.target` of what surrounds the function, or "" for none. */
  lexical: string;
  /** It uses `import()`, which depends on the file that it stands in. */
  imports: boolean;
  /** A class whose text had `extends`: `source` names the superclass `superclass`. */
  derived: boolean;
  /** What the text of a class makes. */
  classText: ClassText | undefined;
  /** The static fields that stayed in the source. */
  kept: ReadonlySet<string>;
  /** A method that uses its own `this`. */
  methodThis: boolean;
}
