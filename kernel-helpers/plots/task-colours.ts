import { byName } from "./lanes";
import type { VegaLiteSpec } from "./spec";
import { palette } from "./theme";
import { words } from "./words";

/** What the colour of a task says. */
export interface TaskColours {
  /** The group that a task belongs to by its name. */
  groupOf(name: string): string;
  /** The groups in the order of their colours, at most as many as there are colours; shown in the legend. */
  groups: string[];
}

/**
 * A colour for each name while there are enough; else one for each family ("job 1", "job 2" are "job");
 * else one for all.
 */
export function taskColours(names: string[]): TaskColours {
  for (const groupOf of [(name: string) => name, family, () => "tasks"]) {
    const groups = [...new Set(names.map(groupOf))].sort(byName);
    if (groups.length < palette.length) return { groupOf, groups };
  }
  return { groupOf: () => "tasks", groups: ["tasks"] };
}

/** The last colour is for bars that stand for tasks of several groups. */
export function colourChannel(groups: string[], thinned: boolean, hasLegend: boolean): VegaLiteSpec {
  const domain = thinned ? [...groups, words().several] : groups;
  const range = [...palette.slice(0, groups.length), ...(thinned ? [palette.at(-1)] : [])];
  // Names in the bars say it already; and Vega makes a legend of nothing infinitely high.
  const legend = domain.length === 0 || !hasLegend ? { legend: null } : {};
  return { field: "group", type: "nominal", scale: { domain, range }, ...legend };
}

function family(name: string): string {
  return name.replace(/[\s#:.,_()[\]-]*\d+[\s)\]]*$/, "") || name;
}
