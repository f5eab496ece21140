/** The words of a site around its notebooks, in the languages that the pages know. */
export interface SiteLabels {
  /** The language's name for itself. */
  language: string;
  languages: string;
  sections: string;
  search: string;
  results: string;
  noResults: string;
  previous: string;
  next: string;
  download: string;
  copy: string;
  copied: string;
  interactive: string;
  notFound: string;
  notFoundText: string;
  toStart: string;
}

const LABELS = {
  en: {
    language: "English",
    languages: "Languages",
    sections: "Sections",
    search: "Search",
    results: "Results",
    noResults: "Nothing found",
    previous: "Previous",
    next: "Next",
    download: "Download this notebook",
    copy: "Copy",
    copied: "Copied",
    interactive: "Make interactive",
    notFound: "Page not found",
    notFoundText: "There is no page at this address.",
    toStart: "To the start",
  },
  ru: {
    language: "Русский",
    languages: "Языки",
    sections: "Разделы",
    search: "Поиск",
    results: "Найдено",
    noResults: "Ничего не найдено",
    previous: "Назад",
    next: "Дальше",
    download: "Скачать этот блокнот",
    copy: "Копировать",
    copied: "Скопировано",
    interactive: "Сделать интерактивным",
    notFound: "Страница не найдена",
    notFoundText: "По этому адресу страницы нет.",
    toStart: "В начало",
  },
} satisfies Record<string, SiteLabels>;

/** The words in a language; English for a language without any. */
export function siteLabelsOf(lang: string): SiteLabels {
  return LABELS[lang.split("-")[0]!.toLowerCase() as keyof typeof LABELS] ?? LABELS.en;
}
