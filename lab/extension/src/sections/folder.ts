/** Reads a folder of numbered notebooks from the server. */
import type { Contents } from "@jupyterlab/services";
import {
  baseName,
  describeSection,
  type Edition,
  folderOf,
  inOrder,
  isSection,
  languageOf,
  type Section,
} from "./text";

interface Listed {
  name: string;
  path: string;
  type: string;
  last_modified: string;
}

/** Of a collection that has folders for other languages, those beside them are taken to be in English. */
const baseLanguage = "en";

/** So many notebooks are read at a time. */
const atATime = 4;

export class SectionFolder {
  /** In order. */
  paths: readonly string[] = [];
  /** With that of this folder; none where there is only one. */
  editions: readonly Edition[] = [];
  /** By path, so that a notebook is read again only where it has changed. */
  readonly #read = new Map<string, { modified: string; section: Section }>();
  #modified = new Map<string, string>();

  constructor(
    readonly contents: Contents.IManager,
    readonly folder: string,
  ) {}

  /** What is known of a notebook: its file name, as long as it has not been read. */
  section(path: string): Section {
    return this.#read.get(path)?.section ?? describeSection(path, undefined);
  }

  /** Looks which notebooks there are. A folder that cannot be listed is empty. */
  async list() {
    const listed = await this.#list(this.folder);
    const sections = listed.filter(({ name }) => isSection(name));
    this.#modified = new Map(sections.map((file) => [file.path, file.last_modified]));
    this.paths = inOrder([...this.#modified.keys()]);
    this.editions = await this.#editions(listed);
  }

  async #list(folder: string): Promise<Listed[]> {
    const listed = await this.contents.get(folder, { content: true }).catch(() => undefined);
    return Array.isArray(listed?.content) ? listed.content : [];
  }

  async #editions(listed: Listed[]): Promise<Edition[]> {
    const base = languageOf(baseName(this.folder)) ? folderOf(this.folder) : this.folder;
    const all = base === this.folder ? listed : await this.#list(base);
    const inside = all.filter(({ name, type }) => type === "directory" && languageOf(name));
    if (inside.length === 0) return [];
    const edition = (language: string, folder: string, files: Listed[]) => ({
      language,
      folder,
      names: new Set(files.map(({ name }) => name).filter(isSection)),
    });
    const read = async ({ name, path }: Listed) =>
      edition(languageOf(name)!, path, path === this.folder ? listed : await this.#list(path));
    return [edition(baseLanguage, base, all), ...(await Promise.all(inside.map(read)))];
  }

  /** Reads the notebooks that have changed, and tells of each. */
  async read(tell: (section: Section) => void) {
    const isNew = (path: string) => this.#read.get(path)?.modified !== this.#modified.get(path);
    const waiting = this.paths.filter(isNew);
    const next = async () => {
      for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
        const modified = this.#modified.get(path) ?? "";
        // A notebook that cannot be read is listed by its file name; opening it says what is wrong.
        const model = await this.contents.get(path, { content: true }).catch(() => undefined);
        const section = describeSection(path, model?.content);
        this.#read.set(path, { modified, section });
        tell(section);
      }
    };
    await Promise.all(Array.from({ length: atATime }, next));
  }
}
