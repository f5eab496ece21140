/** What is said below an exercise: its state, a way to check it, and the solution on request. */
import type { Cell } from "@jupyterlab/cells";
import type { TranslationBundle } from "@jupyterlab/translation";
import { type PanelLayout, Widget } from "@lumino/widgets";
import type { ExerciseState } from "./text";

export interface ExerciseActions {
  check: () => void;
  /** Shows or hides the solution; undefined where there is none. */
  toggleSolution: (() => void) | undefined;
  isSolutionShown: () => boolean;
}

export class ExerciseView extends Widget {
  readonly #words = document.createElement("span");
  readonly #hint = document.createElement("span");
  readonly #solution = document.createElement("button");

  constructor(
    readonly cell: Cell,
    readonly trans: TranslationBundle,
    readonly actions: ExerciseActions,
  ) {
    super();
    this.addClass("tl-Exercise");
    this.#words.role = "status";
    this.#hint.className = "tl-Exercise-hint";
    const check = document.createElement("button");
    check.type = this.#solution.type = "button";
    check.textContent = trans.__("Check");
    check.title = trans.__("Runs this cell and those that check it");
    check.addEventListener("click", actions.check);
    this.node.append(this.#words, this.#hint, check);
    const { toggleSolution } = actions;
    if (!toggleSolution) return;
    this.#solution.addEventListener("click", () => {
      toggleSolution();
      this.#labelSolution();
    });
    this.#labelSolution();
    this.node.append(this.#solution);
  }

  /** Puts it below the cell, once the cell is drawn. */
  async attach() {
    await this.cell.ready.catch(() => {});
    if (!this.isDisposed && !this.cell.isDisposed) (this.cell.layout as PanelLayout).addWidget(this);
  }

  /** `undefined` for an exercise that was edited since it was checked. */
  tell(state: ExerciseState | undefined) {
    const { trans } = this;
    const words = {
      unsolved: trans.__("Exercise: not solved yet"),
      wrong: trans.__("Exercise: not right yet"),
      solved: trans.__("✓ Exercise: solved"),
      edited: trans.__("Exercise: not checked yet"),
    };
    this.node.dataset.state = state?.state ?? "edited";
    this.#words.textContent = words[state?.state ?? "edited"];
    this.#hint.textContent = state?.state === "wrong" ? state.hint : "";
  }

  #labelSolution() {
    const isShown = this.actions.isSolutionShown();
    this.#solution.textContent = isShown
      ? this.trans.__("Hide the Solution")
      : this.trans.__("Show the Solution");
    this.#solution.ariaExpanded = String(isShown);
  }
}
