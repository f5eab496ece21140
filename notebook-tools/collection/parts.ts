import type { Section } from "./sections";

/** The words of the generated parts, by the `lang` of an edition. */
const words = {
  en: { sections: "Section", shows: "What it shows" },
  ru: { sections: "Раздел", shows: "Что он показывает" },
} as const;

export type Language = keyof typeof words;

/** Links to the section before, the index and the section after. */
export function navigation(sections: readonly Section[], at: number): string {
  const index = sections[0]!;
  const before = at > 1 ? [link(sections[at - 1]!, "← ")] : [];
  const middle = at > 0 ? [link(index)] : [];
  const after = at + 1 < sections.length ? [link(sections[at + 1]!, "", " →")] : [];
  return [...before, ...middle, ...after].join(" · ");
}

/** A table of the sections after the index; `folder` is the path from the page to them. */
export function sectionTable(sections: readonly Section[], language: Language, folder = ""): string {
  const { sections: section, shows } = words[language];
  const rows = sections.slice(1).map((one) => `| ${link(one, "", "", folder)} | ${one.summary} |`);
  return [`| ${section} | ${shows} |`, "| --- | --- |", ...rows].join("\n");
}

function link(section: Section, before = "", after = "", folder = ""): string {
  return `[${before}${section.title}${after}](${folder}${section.name})`;
}
