/** The plugin that says below each exercise of a notebook whether it is solved. */
import "../../style/exercises.css";
import "../../style/links.css";
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ISessionContextDialogs } from "@jupyterlab/apputils";
import type { CodeCell } from "@jupyterlab/cells";
import { INotebookTracker, NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";
import { ITranslator, type TranslationBundle } from "@jupyterlab/translation";
import { packageName } from "../names";
import { loadTranslation } from "../translation";
import { type Exercise, exercisesOf, stateOf } from "./text";
import { ExerciseView } from "./view";

/** The exercises of one open notebook. */
class NotebookExercises {
  readonly #views = new Map<string, ExerciseView>();
  readonly #edited = new Set<string>();
  /** By the ids of their cells; another notebook of tags makes other views. */
  #shown = "";
  #isDue = false;

  constructor(
    readonly panel: NotebookPanel,
    readonly dialogs: ISessionContextDialogs,
    readonly trans: TranslationBundle,
  ) {
    panel.content.model?.cells.changed.connect(this.update, this);
    panel.content.modelContentChanged.connect(this.update, this);
    this.update();
  }

  /** Once the page has time: what ran may have changed many outputs. */
  update() {
    if (this.#isDue) return;
    this.#isDue = true;
    window.requestAnimationFrame(() => {
      this.#isDue = false;
      if (!this.panel.isDisposed) this.#updateNow();
    });
  }

  #cellsOf({ exercise, checks, solution }: Exercise) {
    const { widgets } = this.panel.content;
    const cell = (place: number) => widgets[place] as CodeCell;
    return {
      exercise: cell(exercise),
      checks: checks.map(cell),
      solution: solution === undefined ? undefined : cell(solution),
    };
  }

  #updateNow() {
    const { widgets } = this.panel.content;
    const tags = widgets.map(({ model }) => {
      const own: unknown = model.type === "code" ? model.getMetadata("tags") : [];
      return Array.isArray(own) ? own.map(String) : [];
    });
    const exercises = exercisesOf(tags);
    const shown = JSON.stringify(
      exercises.map((one) =>
        [one.exercise, ...one.checks, one.solution].map((place) => widgets[place ?? -1]?.model.id),
      ),
    );
    if (shown !== this.#shown) this.#rebuild(exercises);
    this.#shown = shown;
    for (const one of exercises) this.#show(one);
  }

  #rebuild(exercises: readonly Exercise[]) {
    for (const view of this.#views.values()) view.dispose();
    this.#views.clear();
    for (const one of exercises) {
      const { exercise, checks, solution } = this.#cellsOf(one);
      if (solution) solution.inputHidden = true;
      const { id } = exercise.model;
      const view = new ExerciseView(exercise, this.trans, {
        check: () => void this.#check([exercise, ...checks], id),
        toggleSolution: solution && (() => this.#toggle(solution)),
        isSolutionShown: () => solution?.inputHidden === false,
      });
      const edited = () => {
        this.#edited.add(id);
        this.update();
      };
      exercise.model.sharedModel.changed.connect((_, { sourceChange }) => {
        if (sourceChange && !view.isDisposed) edited();
      });
      this.#views.set(id, view);
      void view.attach();
    }
  }

  #show(one: Exercise) {
    const { exercise, checks } = this.#cellsOf(one);
    const outputs = checks.map(({ model }) =>
      model.executionCount === null ? undefined : model.outputs.toJSON(),
    );
    const { id } = exercise.model;
    this.#views.get(id)?.tell(this.#edited.has(id) ? undefined : stateOf(outputs));
  }

  async #check(cells: CodeCell[], id: string) {
    const { content, sessionContext } = this.panel;
    // What is run before the kernel is there is lost.
    await sessionContext.ready;
    await NotebookActions.runCells(content, cells, sessionContext, this.dialogs);
    this.checked(id);
  }

  /** What the cells that check it put out is of the exercise as it is now. */
  checked(id: string) {
    this.#edited.delete(id);
    this.update();
  }

  /** A cell has run, by whatever way. */
  ran(id: string) {
    const { widgets } = this.panel.content;
    const at = widgets.findIndex(({ model }) => model.id === id);
    const own: unknown = widgets[at]?.model.getMetadata("tags");
    if (!Array.isArray(own) || !own.includes("check")) return;
    const before = widgets.slice(0, at).findLast(({ model }) => this.#views.has(model.id));
    if (before) this.checked(before.model.id);
  }

  #toggle(solution: CodeCell) {
    solution.inputHidden = !solution.inputHidden;
    if (!solution.inputHidden) void this.panel.content.scrollToCell(solution, "smart");
  }
}

export const exercisesPlugin: JupyterFrontEndPlugin<void> = {
  id: `${packageName}:exercises`,
  description: "Says below each exercise whether it is solved, and unfolds its solution.",
  autoStart: true,
  requires: [INotebookTracker, ISessionContextDialogs],
  optional: [ITranslator],
  activate: async (
    _app: JupyterFrontEnd,
    tracker: INotebookTracker,
    dialogs: ISessionContextDialogs,
    translator: ITranslator | null,
  ) => {
    const trans = await loadTranslation(translator);
    const all = new WeakMap<object, NotebookExercises>();
    const begin = async (panel: NotebookPanel) => {
      await panel.context.ready;
      if (!panel.isDisposed) all.set(panel.content, new NotebookExercises(panel, dialogs, trans));
    };
    tracker.forEach((panel) => void begin(panel));
    tracker.widgetAdded.connect((_, panel) => void begin(panel));
    NotebookActions.executed.connect((_, { notebook, cell }) => all.get(notebook)?.ran(cell.model.id));
  },
};
