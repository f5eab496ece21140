/** The frames of one thread, in the reader's positions. */

import type { InspectorSession, Params } from "../../inspector";
import type { Script, Scripts } from "./scripts";

/** A frame of the reader's code. */
export interface Frame {
  callFrameId: string;
  name: string;
  /** None for a file that is no cell and not imported by one. */
  script: Script | undefined;
  url: string;
  /** The reader's, from 1. */
  line: number;
  column: number;
  // As the inspector gives them.
  scopes: Params[];
  generated: { line: number; column: number };
}

/** Code that readers do not step into: Node's, packages, this one. */
export const internals = ["^node:", "/node_modules/", "/kernel-helpers/dist/", "^evalmachine\\.", "^$"];
const isInternal = new RegExp(internals.join("|"));

export class Frames {
  readonly #urls = new Map<string, string>();

  constructor(
    session: InspectorSession,
    private readonly scripts: Scripts,
    private readonly isLoop: boolean,
  ) {
    session.on("Debugger.scriptParsed", ({ scriptId, url }) => this.#urls.set(scriptId, url));
  }

  #urlOf({ location }: Params): string {
    return this.#urls.get(location.scriptId) ?? "";
  }

  /** The script of a frame, if it is the reader's. */
  scriptOf(callFrame: Params): Script | undefined {
    return this.scripts.byUrl(this.#urlOf(callFrame));
  }

  isInternal(callFrame: Params): boolean {
    return isInternal.test(this.#urlOf(callFrame));
  }

  /** Whether a frame is that of who makes functions from their texts: what it calls is no reader's. */
  isFactory(below: Params | undefined): boolean {
    return below !== undefined && /\/kernel-helpers\/dist\/threads\/closures\//.test(this.#urlOf(below));
  }

  /** The reader's, without those of the kernel. */
  readAll(callFrames: Params[]): Frame[] {
    return callFrames.flatMap((frame, index) => {
      return this.isFactory(callFrames[index + 1]) ? [] : (this.#read(frame) ?? []);
    });
  }

  #read(callFrame: Params): Frame | undefined {
    const { callFrameId, functionName, location, scopeChain } = callFrame;
    const url = this.#urlOf(callFrame);
    const { lineNumber: line, columnNumber: column = 0 } = location;
    const script = this.scripts.byUrl(url);
    if (!script && isInternal.test(url)) return undefined;
    const origin = script ? script.originOf(line, column) : { line: line + 1, column: column + 1 };
    if (!origin) return undefined;
    // A function that came to a thread stands in no cell there.
    const isTop = this.isLoop && !scopeChain.some(({ type }: Params) => type === "closure");
    const name = functionName || (script?.isCell && isTop ? script.label : "(anonymous)");
    return { callFrameId, name, script, url, ...origin, scopes: scopeChain, generated: { line, column } };
  }
}
