/** The item of the status bar: what the loop does now, and on a click what blocked it before. */
import { Popup, showPopup } from "@jupyterlab/statusbar";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import type { Place } from "./cells";
import type { Block } from "./history";
import { durationText, type LoopState, loopText, placeText } from "./text";

export class LoopIndicator extends Widget {
  readonly #button = document.createElement("button");
  readonly #text = document.createElement("span");
  #popup: Popup | null = null;
  readonly #translate = (text: string, ...values: string[]) => this.trans.__(text, ...values);

  /** `history` gives what a click shows. */
  constructor(
    readonly trans: TranslationBundle,
    readonly history: () => readonly Block<Place>[],
  ) {
    super();
    this.addClass("tl-Loop");
    this.#button.type = "button";
    const dot = document.createElement("span");
    dot.className = "tl-Loop-dot";
    dot.ariaHidden = "true";
    this.#button.append(dot, this.#text);
    this.#button.addEventListener("click", () => this.#showHistory());
    this.node.append(this.#button);
  }

  tell(state: LoopState) {
    const text = loopText(state, this.#translate);
    this.#text.textContent = text;
    this.#button.title = `${text}\n${this.trans.__("Show what blocked the event loop")}`;
    this.node.dataset.state = state.state;
  }

  override dispose() {
    this.#popup?.dispose();
    super.dispose();
  }

  #showHistory() {
    this.#popup?.dispose();
    const body = new Widget();
    body.addClass("tl-Loop-history");
    const heading = document.createElement("h2");
    heading.textContent = this.trans.__("What blocked the loop");
    body.node.append(heading, this.#list());
    this.#popup = showPopup({ body, anchor: this, align: "left" });
    body.node.querySelector("button")?.focus();
  }

  #list(): HTMLElement {
    const blocks = this.history();
    if (blocks.length === 0) {
      const nothing = document.createElement("p");
      nothing.textContent = this.trans.__("Nothing, since this notebook is being watched.");
      return nothing;
    }
    const list = document.createElement("ol");
    list.append(...blocks.map((block) => this.#entry(block)));
    return list;
  }

  #entry({ since, ms, at, cell }: Block<Place>): HTMLElement {
    const entry = document.createElement("li");
    const time = document.createElement("span");
    time.textContent = new Date(since).toLocaleTimeString();
    const duration = document.createElement("strong");
    duration.textContent = durationText(ms, this.#translate);
    const place = document.createElement(cell ? "button" : "span");
    if (at)
      place.append(
        Object.assign(document.createElement("span"), { textContent: placeText(at, this.#translate) }),
      );
    if (cell) place.append(Object.assign(document.createElement("code"), { textContent: cell.title }));
    if (!at && !cell) place.append(this.trans.__("work that outlived its cell"));
    if (cell)
      place.addEventListener("click", () => {
        this.#popup?.dispose();
        cell.reveal();
      });
    entry.append(time, duration, place);
    return entry;
  }
}
