import { findProblems, type Problem } from "./check";
import { parseJson } from "./parse";
import { isObject, type Json } from "./rules";
import { schemaProblems } from "./schema";
import { isOldNotebook, upgraded } from "./upgrade";

/**
 * What the text of a notebook does otherwise than nbformat says: what the published schema of its version says, and
 * that ids are used once. In reading order, each place once.
 * @throws NotebookError for text that is not JSON
 */
export function validateNotebook(text: string, file: string): Problem[] {
  const parsed = parseJson(text, file);
  const notebook = isOldNotebook(parsed) ? upgraded(parsed) : parsed;
  const own = findProblems(notebook);
  if (!isObject(notebook) || notebook.nbformat !== 4) return own;
  const more = schemaProblems(notebook).filter((problem) => !own.some((other) => saysSame(other, problem)));
  return [...own, ...more, ...widgetProblems(notebook)].sort((a, b) => (a.cell ?? 0) - (b.cell ?? 0));
}

const widgetState = "application/vnd.jupyter.widget-state+json";

/** No schema says it, but GitHub and nbconvert show nothing of a notebook whose widgets have lost their state. */
function widgetProblems({ metadata }: Json): Problem[] {
  const widgets = isObject(metadata) && metadata.widgets;
  const stored = isObject(widgets) && widgets[widgetState];
  if (!isObject(stored) || isObject(stored.state)) return [];
  const message = `\`metadata.widgets["${widgetState}"].state\` is missing, so that GitHub and nbconvert do not show the notebook; remove \`metadata.widgets\` with \`nb clean --metadata\`, or save it again with its widgets.`;
  return [{ message, fatal: false }];
}

/** The part of a message that names the place: "output 1: `data`". */
const placeIn = (message: string): string | undefined => /^(?:output \d+: )?`[^`]*`|`id`/.exec(message)?.[0];

/** Our own words for a place say what to do, and go before the schema's. */
const saysSame = (own: Problem, other: Problem): boolean =>
  own.cell === other.cell && placeIn(own.message) === placeIn(other.message);
