/** A line above a notebook that says what is wrong, with one button. */
import { Widget } from "@lumino/widgets";

export interface Notice {
  text: string;
  label: string;
  /** What the button does; it can be pressed again only if that fails. */
  act(): Promise<unknown>;
}

export class Banner extends Widget {
  readonly #line = document.createElement("div");
  readonly #text = document.createElement("span");
  readonly #button = document.createElement("button");
  #notice: Notice | undefined;

  constructor() {
    super();
    this.addClass("tl-Banner");
    this.node.role = "alert";
    this.#button.type = "button";
    this.#button.addEventListener("click", () => void this.#act());
    this.#line.append(this.#text, this.#button);
    this.node.append(this.#line);
    this.hide();
  }

  /** Shows a notice, or nothing. */
  tell(notice: Notice | undefined) {
    if (notice && notice.text !== this.#notice?.text) {
      this.#text.textContent = notice.text;
      this.#button.textContent = notice.label;
      this.#button.disabled = false;
    }
    this.#notice = notice;
    this.setHidden(!notice);
    this.#fit();
  }

  protected override onResize() {
    this.#fit();
  }

  /** The layout knows the least height only, and a narrow page needs more than one line. */
  #fit() {
    const height = `${this.#line.offsetHeight}px`;
    if (this.node.style.minHeight === height) return;
    this.node.style.minHeight = height;
    this.parent?.fit();
  }

  async #act() {
    this.#button.disabled = true;
    try {
      await this.#notice?.act();
    } finally {
      this.#button.disabled = false;
    }
  }
}
