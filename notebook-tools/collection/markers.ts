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
