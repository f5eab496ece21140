/** The words that a page adds to a notebook, in the languages that the pages know. */
export interface Labels {
  contents: string;
  skip: string;
  code: string;
  output: string;
  solution: string;
  show: string;
  errors: string;
  image: string;
  /** Said of an output that no page can show, before its mime type. */
  unshown: string;
}

const LABELS: Record<string, Labels> = {
  en: {
    contents: "Contents",
    skip: "Skip to the text",
    code: "Code",
    output: "Output",
    solution: "Solution",
    show: "Show",
    errors: "Error output",
    image: "Image",
    unshown: "An output that only a live notebook can show:",
  },
  ru: {
    contents: "Содержание",
    skip: "Перейти к тексту",
    code: "Код",
    output: "Вывод",
    solution: "Решение",
    show: "Показать",
    errors: "Вывод ошибок",
    image: "Изображение",
    unshown: "Вывод, который виден только в живом блокноте:",
  },
};

/** The labels of a language; English for a language without any. */
export function labelsOf(lang: string): Labels {
  return LABELS[lang.split("-")[0]!.toLowerCase()] ?? LABELS.en!;
}

/** The language that a folder of the path names, as `ru` in `notebooks/ru/02-executor.ipynb`. */
export function langOfPath(path: string): string | undefined {
  return path
    .split(/[\\/]/)
    .slice(0, -1)
    .reverse()
    .find((folder) => Object.hasOwn(LABELS, folder));
}
