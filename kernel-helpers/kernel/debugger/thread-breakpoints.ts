/** The breakpoints that one thread has. */

import type { InspectorSession, Params } from "../../inspector";
import { taskEntry } from "./task-entry";

/** A breakpoint in a script, positions from 0. */
export interface Location {
  url: string;
  line: number;
  column: number;
  condition: string;
}

/** What a thread has of a breakpoint. */
interface Place extends Location {
  /** The front end's; none once it is taken away. */
  id: number | undefined;
  /** The inspector's. */
  name: string | undefined;
  /** When the thread has done all that was asked here. */
  settled: Promise<void>;
}

/** Names a location. */
export const keyOf = ({ url, line, column }: Location) => `${url}:${line}:${column}`;

export class ThreadBreakpoints {
  readonly #places = new Map<string, Place>();
  /** The breakpoint where tasks begin, as the inspector names it. */
  #entry: Promise<string | undefined> | undefined;
  #entryName: string | undefined;

  constructor(
    private readonly session: InspectorSession,
    /** Hears where the inspector has put a breakpoint. */
    private readonly resolved: (asked: Location, line: number, column: number) => void,
  ) {
    session.on("Debugger.breakpointResolved", ({ breakpointId, location }) => {
      const place = [...this.#places.values()].find(({ name }) => name === breakpointId);
      if (place) this.#resolved(place, location);
    });
  }

  /** Whether a pause is at the begin of the task that was awaited. */
  isEntry(hitBreakpoints: string[]): boolean {
    return this.#entryName !== undefined && hitBreakpoints.includes(this.#entryName);
  }

  /** The front end's breakpoints among those of a pause. */
  hit(hitBreakpoints: string[], isHere: (location: Location) => boolean): number[] {
    const hit = [...this.#places.values()].filter(
      (place) => place.name !== undefined && hitBreakpoints.includes(place.name) && isHere(place),
    );
    return hit.flatMap(({ id }) => id ?? []);
  }

  /** Has a breakpoint at a location, of the front end's `id`; resolves when the thread has it. */
  place(location: Location, id: number): Promise<void> {
    const key = keyOf(location);
    const known = this.#places.get(key);
    if (!known) {
      const place: Place = { ...location, id, name: undefined, settled: Promise.resolve() };
      this.#places.set(key, place);
      place.settled = this.#set(place);
      return place.settled;
    }
    known.id = id;
    if (known.condition !== location.condition) {
      known.condition = location.condition;
      known.settled = known.settled.then(() => this.#unset(known)).then(() => this.#set(known));
    }
    return known.settled;
  }

  /** Has none there any more: at once for who stops there, in the thread when it takes commands. */
  remove(location: Location): void {
    const key = keyOf(location);
    const place = this.#places.get(key);
    if (!place) return;
    place.id = undefined;
    place.settled = place.settled.then(async () => {
      // Set again meanwhile.
      if (place.id !== undefined) return;
      this.#places.delete(key);
      await this.#unset(place);
    });
  }

  async #set(place: Place): Promise<void> {
    const { url, line, column, condition } = place;
    const where = { url, lineNumber: line, columnNumber: column, condition };
    // A thread that has ended has no breakpoints.
    const answer = await this.session.post("Debugger.setBreakpointByUrl", where).catch(() => undefined);
    place.name = answer?.breakpointId;
    if (answer?.locations[0]) this.#resolved(place, answer.locations[0]);
  }

  #resolved(place: Place, { lineNumber, columnNumber = 0 }: Params): void {
    this.resolved(place, lineNumber, columnNumber);
  }

  async #unset({ name }: Place): Promise<void> {
    if (name !== undefined)
      await this.session.post("Debugger.removeBreakpoint", { breakpointId: name }).catch(() => undefined);
  }

  /** Stops in the next task of the reader's that this thread begins. */
  awaitTask(): void {
    this.#entry ??= this.session
      .post("Debugger.setBreakpointByUrl", taskEntry())
      .then(({ breakpointId }) => (this.#entryName = breakpointId))
      .catch(() => undefined);
  }

  /** Does not any more. */
  letTasksBegin(): void {
    const set = this.#entry;
    this.#entry = this.#entryName = undefined;
    set
      ?.then(
        (breakpointId) => breakpointId && this.session.post("Debugger.removeBreakpoint", { breakpointId }),
      )
      .catch(() => undefined);
  }
}
