/** The words that a page adds to a notebook, in the languages that the pages know. */
export interface Labels {
  contents: string;
  skip: string;
  code: string;
  output: string;
  solution: string;
  cell: string;
  show: string;
  errors: string;
  image: string;
  /** Of the boxes in a list of tasks. */
  done: string;
  open: string;
  /** Said of an output that no page can show, before its mime type. */
  unshown: string;
  /** Said of the widgets of a live notebook. */
  widget: string;
  /** Said of elements that act, before their names. */
  leftOut: string;
  /** Said of a raw cell for another format, before its mime type. */
  raw: string;
  /** Said of an image or file that a cell should carry, before its name. */
  missing: string;
  neverRan: string;
  /** The titles of GitHub's alerts. */
  alerts: Record<string, string>;
}

const LABELS = {
  en: {
    contents: "Contents",
    skip: "Skip to the text",
    code: "Code",
    output: "Output",
    solution: "Solution",
    cell: "Cell",
    show: "Show",
    errors: "Error output",
    image: "Image",
    done: "Done",
    open: "Not done",
    unshown: "An output that only a live notebook can show:",
    widget: "A widget that only a live notebook can show:",
    leftOut: "Left out here, because it acts or loads something:",
    raw: "A raw cell for another format:",
    missing: "An attachment that is missing:",
    neverRan: "This notebook has not been run: it has code, and no outputs.",
    alerts: { note: "Note", tip: "Tip", important: "Important", warning: "Warning", caution: "Caution" },
  },
  ru: {
    contents: "Содержание",
    skip: "Перейти к тексту",
    code: "Код",
    output: "Вывод",
    solution: "Решение",
    cell: "Ячейка",
    show: "Показать",
    errors: "Вывод ошибок",
    image: "Изображение",
    done: "Сделано",
    open: "Не сделано",
    unshown: "Вывод, который виден только в живом блокноте:",
    widget: "Виджет, который виден только в живом блокноте:",
    leftOut: "Здесь опущено, потому что что-то выполняет или загружает:",
    raw: "Ячейка без обработки (raw) для другого формата:",
    missing: "Вложение, которого нет:",
    neverRan: "Этот блокнот ещё не запускали: код в нём есть, а выводов нет.",
    alerts: {
      note: "Примечание",
      tip: "Совет",
      important: "Важно",
      warning: "Внимание",
      caution: "Осторожно",
    },
  },
} satisfies Record<string, Labels>;

/** The languages that the pages know. */
export const LANGUAGES = Object.keys(LABELS) as (keyof typeof LABELS)[];

/** The labels of a language; English for a language without any. */
export function labelsOf(lang: string): Labels {
  const name = lang.split("-")[0]!.toLowerCase();
  return isLanguage(name) ? LABELS[name] : LABELS.en;
}

/** The language that a folder of the path names, as `ru` in `notebooks/ru/02-executor.ipynb`. */
export function langOfPath(path: string): string | undefined {
  return path
    .split(/[\\/]/)
    .slice(0, -1)
    .reverse()
    .find((folder) => isLanguage(folder));
}

function isLanguage(name: string): name is keyof typeof LABELS {
  return Object.hasOwn(LABELS, name);
}
