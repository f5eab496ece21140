import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { HttpError } from "../http/errors";
import type { Reply } from "../http/reply";
import type { Call, Route } from "../http/router";

/** The data of `languages/`, which the compiler does not copy. */
const folder = path.resolve(__dirname, "..", "..", "languages");
const extension = ".json.gz";

/** As Jupyter names them, in English and in the language itself. */
function namesOf(locale: string) {
  const tag = locale.replace("_", "-");
  const nameIn = (language: string) =>
    new Intl.DisplayNames([language], { type: "language" }).of(tag.split("-")[0]!);
  return { displayName: nameIn("en") ?? locale, nativeName: nameIn(tag) ?? locale };
}

const locales = () =>
  readdirSync(folder)
    .filter((file) => file.endsWith(extension))
    .map((file) => file.slice(0, -extension.length));

function list(): Reply {
  const data = Object.fromEntries(["en", ...locales()].map((locale) => [locale, namesOf(locale)]));
  return { json: { data, message: "" } };
}

/** A language pack: the catalogues of all packages. English, which needs none, is empty. */
async function pack({ params: { locale = "" } }: Call): Promise<Reply> {
  if (["en", "en_US", "default"].includes(locale)) return { json: { data: {}, message: "" } };
  if (!locales().includes(locale)) throw new HttpError(404, `There is no language pack for ${locale}.`);
  const catalogues = await promisify(gunzip)(readFileSync(path.join(folder, locale + extension)));
  return {
    text: `{"data":${catalogues},"message":""}`,
    headers: { "Content-Type": "application/json" },
    isLarge: true,
  };
}

export const translationRoutes: readonly Route[] = [
  ["GET", "/lab/api/translations", "The languages", list],
  ["GET", "/lab/api/translations/{locale}", "A language pack", pack],
];
