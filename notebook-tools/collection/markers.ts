/**
 * The text with new content between `<!-- name -->` and `<!-- /name -->`, everywhere they stand;
 * unchanged where they do not.
 */
export function fillMarkers(text: string, name: string, content: string): string {
  const between = new RegExp(`(<!-- ${name} -->\\n?)[\\s\\S]*?(<!-- /${name} -->)`, "g");
  return text.replace(between, (_all, open: string, close: string) => {
    return `${open.trimEnd()}\n${content}\n${close}`;
  });
}

/** The names of the generated parts. */
export const partNames = ["nav", "sections"] as const;

/** The text without the content of its generated parts. */
export const withoutParts = (text: string): string =>
  partNames.reduce((rest, name) => fillMarkers(rest, name, ""), text);
