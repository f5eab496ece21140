/** The side panel: a list of sections as links, the current one marked, each with how far it is. */
import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import type { Progress, Section } from "./text";

export interface Shown {
  sections: readonly Section[];
  current: string | undefined;
  progress(path: string): Progress;
}

export class SectionsPanel extends Widget {
  constructor(
    readonly trans: TranslationBundle,
    readonly open: (path: string) => void,
    readonly becameVisible: () => void,
  ) {
    super();
    this.addClass("tl-Sections");
    this.node.role = "navigation";
    this.node.ariaLabel = trans.__("Sections");
  }

  protected override onAfterShow() {
    this.becameVisible();
  }

  render({ sections, current, progress }: Shown) {
    const focused = (document.activeElement as HTMLElement | null)?.dataset.path;
    const heading = document.createElement("h2");
    heading.textContent = this.trans.__("Sections");
    const list = document.createElement("ol");
    list.append(...sections.map((section) => this.#entry(section, current, progress(section.path))));
    const nothing = document.createElement("p");
    nothing.textContent = this.trans.__("This folder has no numbered notebooks.");
    this.node.replaceChildren(heading, sections.length > 0 ? list : nothing);
    const buttons = [...this.node.querySelectorAll<HTMLElement>("button")];
    buttons.find(({ dataset }) => focused !== undefined && dataset.path === focused)?.focus();
  }

  #entry({ path, title, time }: Section, current: string | undefined, progress: Progress): HTMLElement {
    const entry = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.path = path;
    if (path === current) button.ariaCurrent = "page";
    button.addEventListener("click", () => this.open(path));
    const name = document.createElement("span");
    name.textContent = title;
    const more = document.createElement("small");
    more.textContent = [progress && this.#wordsFor(progress), time].filter(Boolean).join(" · ");
    if (progress) more.dataset.progress = progress;
    button.append(name, more);
    entry.append(button);
    return entry;
  }

  #wordsFor(progress: NonNullable<Progress>): string {
    if (progress === "failed") return this.trans.__("✗ failed");
    return progress === "clean" ? this.trans.__("✓ ran clean") : this.trans.__("begun");
  }
}
