/** The words of this extension in the language of JupyterLab. */
import { Gettext, type ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";
import { domain } from "./names";

/**
 * The catalogue comes along with the extension, and is loaded where it is wanted: a language pack of JupyterLab, which
 * would bring it otherwise, is a Python package.
 */
export async function loadTranslation(translator: ITranslator | null): Promise<TranslationBundle> {
  if (!/^ru\b|^ru_/.test(translator?.languageCode ?? "")) return (translator ?? nullTranslator).load(domain);
  const { russian } = await import("./russian");
  const bundle = new Gettext({ domain, locale: "ru" });
  const messages = Object.fromEntries(Object.entries(russian).map(([text, words]) => [text, [words]]));
  const header = { language: "ru", pluralForms: "nplurals=2; plural=(n != 1);" };
  bundle.loadJSON({ "": header, ...messages } as never, domain);
  return bundle;
}
