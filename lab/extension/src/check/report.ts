/** What a check found in one cell, shown in it: a mark, and on a click the difference and the way back. */

import type { Cell } from "@jupyterlab/cells";
import type { TranslationBundle } from "@jupyterlab/translation";
import { type PanelLayout, Widget } from "@lumino/widgets";
import type { Finding } from "./text";

const marks: Record<Finding["status"], string> = {
  passed: "✓",
  differs: "≠",
  failed: "✗",
  skipped: "–",
  "not-run": "–",
};

function button(label: string, onClick: () => void): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = label;
  element.addEventListener("click", onClick);
  return element;
}

function diffOf(text: string): HTMLElement {
  const block = document.createElement("pre");
  block.tabIndex = 0;
  block.append(
    ...text.split(/(?<=\n)/).map((line) => {
      const element = document.createElement("span");
      element.textContent = line;
      if (/^[-+]\s/.test(line)) element.dataset.mark = line[0];
      return element;
    }),
  );
  return block;
}

export class CellReport extends Widget {
  readonly #detail = document.createElement("div");
  readonly #toggle: HTMLButtonElement | undefined;

  /** `takeBack` is left out where nothing is stored. */
  constructor(
    readonly cell: Cell,
    readonly finding: Finding,
    trans: TranslationBundle,
    takeBack: (() => void) | undefined,
  ) {
    super();
    const { status, title, detail } = finding;
    this.addClass("tl-Check");
    this.node.dataset.status = status;
    const mark = document.createElement("span");
    mark.className = "tl-Check-mark";
    mark.textContent = marks[status];
    mark.role = "img";
    mark.ariaLabel = title;
    mark.title = title;
    this.node.append(mark);
    if (status === "passed" || status === "skipped") return;
    const line = document.createElement("div");
    line.className = "tl-Check-line";
    const words = document.createElement("span");
    words.textContent = title;
    line.append(words);
    if (detail !== "") {
      const label = status === "differs" ? trans.__("Show the Difference") : trans.__("Show Why");
      this.#toggle = button(label, () => this.unfold(this.#detail.hidden === true));
      this.#toggle.ariaExpanded = "false";
      line.append(this.#toggle);
      this.#detail.append(diffOf(detail));
    }
    if (takeBack) line.append(button(trans.__("Take the Stored Output Back"), takeBack));
    this.#detail.hidden = true;
    this.node.append(line, this.#detail);
  }

  /** Puts it below the cell's output, once the cell is drawn. */
  async attach() {
    const { cell } = this;
    await cell.ready.catch(() => {});
    if (!this.isDisposed && !cell.isDisposed) (cell.layout as PanelLayout).addWidget(this);
  }

  unfold(isShown: boolean) {
    if (!this.#toggle) return;
    this.#detail.hidden = !isShown;
    this.#toggle.ariaExpanded = String(isShown);
  }
}
