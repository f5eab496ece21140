/** What is exported as a site, and what is said of it. Pure. */

/** The folder of the collection that a notebook belongs to: a folder called by a language is a part of the one above. */
export function collectionOf(notebook: string): string {
  const folders = notebook.split("/").slice(0, -1);
  if (/^[a-z]{2}$/.test(folders.at(-1) ?? "") && folders.length > 1) folders.pop();
  return folders.join("/");
}

/** The notebooks that a site lacks, from the header of the answer; whatever else it holds names none. */
export function leftOutOf(header: string | null): string[] {
  try {
    const names: unknown = JSON.parse(decodeURIComponent(header ?? ""));
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}
