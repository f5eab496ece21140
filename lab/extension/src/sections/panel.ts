/** The side panel: a list of sections as links, the current one marked, each with how far it is. */
import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import { languageName, type Progress, type Section } from "./text";

export interface Shown {
  sections: readonly Section[];
  current: string | undefined;
  /** The language of another edition of the current section. */
  otherLanguage: string | undefined;
  progress(path: string): Progress;
}

/** What a click does. */
export interface Actions {
  open(path: string): void;
  switchEdition(): void;
  becameVisible(): void;
}

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
) {
  return Object.assign(document.createElement(tag), properties);
}

/** The entry of a section, whose words change in place. */
class Entry {
  readonly item = make("li");
  readonly button = make("button", { type: "button" });
  readonly #title = make("span");
  readonly #more = make("small");

  constructor(readonly trans: TranslationBundle) {
    this.button.append(this.#title, this.#more);
    this.item.append(this.button);
  }

  update({ title, time }: Section, isCurrent: boolean, progress: Progress) {
    this.#title.textContent = title;
    this.#more.textContent = [progress && this.#wordsFor(progress), time].filter(Boolean).join(" · ");
    if (progress) this.item.dataset.progress = progress;
    else delete this.item.dataset.progress;
    this.button.ariaCurrent = isCurrent ? "page" : null;
  }

  #wordsFor(progress: NonNullable<Progress>): string {
    if (progress === "failed") return this.trans.__("✗ failed");
    if (progress === "changed") return this.trans.__("changed since it ran");
    return progress === "clean" ? this.trans.__("✓ ran clean") : this.trans.__("begun");
  }
}

export class SectionsPanel extends Widget {
  readonly #edition = make("button", { type: "button", className: "tl-Sections-edition" });
  readonly #list = make("ol");
  readonly #nothing: HTMLElement;
  readonly #entries = new Map<string, Entry>();
  #current: string | undefined;

  constructor(
    readonly trans: TranslationBundle,
    readonly actions: Actions,
  ) {
    super();
    this.addClass("tl-Sections");
    this.node.role = "navigation";
    this.node.ariaLabel = trans.__("Sections");
    this.#nothing = make("p", { textContent: trans.__("This folder has no numbered notebooks.") });
    this.#edition.addEventListener("click", () => actions.switchEdition());
    this.node.addEventListener("keydown", (event) => this.#move(event));
    const heading = make("div");
    heading.append(make("h2", { textContent: trans.__("Sections") }), this.#edition);
    this.node.append(heading, this.#list, this.#nothing);
  }

  protected override onAfterShow() {
    this.actions.becameVisible();
  }

  protected override onActivateRequest() {
    const current = this.#entries.get(this.#current ?? "") ?? this.#entries.values().next().value;
    (current?.button ?? this.node).focus();
  }

  render({ sections, current, otherLanguage, progress }: Shown) {
    this.#edition.hidden = otherLanguage === undefined;
    if (otherLanguage !== undefined) {
      this.#edition.textContent = languageName(otherLanguage);
      this.#edition.lang = otherLanguage;
    }
    this.#nothing.hidden = sections.length > 0;
    this.#arrange(sections.map(({ path }) => path));
    for (const section of sections)
      this.#entries.get(section.path)?.update(section, section.path === current, progress(section.path));
    if (current !== this.#current)
      this.#entries.get(current ?? "")?.button.scrollIntoView({ block: "nearest" });
    this.#current = current;
  }

  /** Changes the words of one section. */
  renderOne(section: Section, progress: Progress) {
    this.#entries.get(section.path)?.update(section, section.path === this.#current, progress);
  }

  /** Makes the entries that are new, takes away those that are gone. */
  #arrange(paths: readonly string[]) {
    if (paths.join("\n") === [...this.#entries.keys()].join("\n")) return;
    const entries = paths.map((path) => [path, this.#entries.get(path) ?? this.#entry(path)] as const);
    this.#entries.clear();
    for (const [path, entry] of entries) this.#entries.set(path, entry);
    this.#list.replaceChildren(...entries.map(([, { item }]) => item));
  }

  #entry(path: string): Entry {
    const entry = new Entry(this.trans);
    entry.button.addEventListener("click", () => this.actions.open(path));
    return entry;
  }

  /** The arrow keys go from one to the next. */
  #move(event: KeyboardEvent) {
    const buttons = [...this.#entries.values()].map(({ button }) => button);
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const last = buttons.length - 1;
    const to = new Map([
      ["ArrowDown", Math.min(at + 1, last)],
      ["ArrowUp", Math.max(at - 1, 0)],
      ["Home", 0],
      ["End", last],
    ]).get(event.key);
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    buttons[to]?.focus();
  }
}
