/** The item of the status bar: what the loop does now, and on a click what blocked it before. */
import { Popup, showPopup } from "@jupyterlab/statusbar";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import type { Block } from "./history";
import { durationText, type LoopState, loopText } from "./text";

/** A cell as the history shows it. */
export interface CellPlace {
  title: string;
  reveal(): void;
}

export class LoopIndicator extends Widget {
  readonly #button = document.createElement("button");
  readonly #text = document.createElement("span");
  #popup: Popup | null = null;

  /** `history` gives what a click shows. */
  constructor(
    readonly trans: TranslationBundle,
    readonly history: () => readonly Block<CellPlace>[],
  ) {
    super();
    this.addClass("tl-Loop");
    this.#button.type = "button";
    this.#button.title = trans.__("The kernel's event loop: what blocked it");
    const dot = document.createElement("span");
    dot.className = "tl-Loop-dot";
    dot.ariaHidden = "true";
    this.#button.append(dot, this.#text);
    this.#button.addEventListener("click", () => this.#showHistory());
    this.node.append(this.#button);
  }

  tell(state: LoopState) {
    this.#text.textContent = loopText(state, this.trans.__.bind(this.trans));
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

  #entry({ since, ms, cell }: Block<CellPlace>): HTMLElement {
    const entry = document.createElement("li");
    const time = document.createElement("span");
    time.textContent = new Date(since).toLocaleTimeString();
    const duration = document.createElement("strong");
    duration.textContent = durationText(ms);
    const place = document.createElement(cell ? "button" : "span");
    place.textContent = cell?.title ?? this.trans.__("work that outlived its cell");
    if (cell)
      place.addEventListener("click", () => {
        this.#popup?.dispose();
        cell.reveal();
      });
    entry.append(time, duration, place);
    return entry;
  }
}
