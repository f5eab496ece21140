/** What of a Vega-Lite specification is compared. Pure. */
import { maskNumbers } from "./normalize";

type Json = unknown;
type Spec = { [property: string]: Json };

export const isVegaLite = (mime: string): boolean =>
  /^application\/vnd\.vegalite\.v\d+(?:\.json|\+json)$/.test(mime);

/** What changes how a chart looks, but not what it shows. */
const presentation = new Set([
  "$schema",
  "config",
  "usermeta",
  "width",
  "height",
  "autosize",
  "padding",
  "background",
  "description",
]);
/** What says which data an encoding channel shows, and how it is summed up. */
const meaning = ["field", "type", "aggregate", "bin", "timeUnit", "stack", "condition"];
const composed = ["layer", "hconcat", "vconcat", "concat", "spec"];

const isSpec = (value: Json): value is Spec =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The specification by its data and encoding, without its looks. */
export function vegaLiteContent(spec: Json): Json {
  if (!isSpec(spec)) return spec;
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !presentation.has(name)));
}

/** A channel by its data; undefined of one that sets nothing but looks, such as a colour under a condition. */
function channelShape(channel: Json): Json {
  if (Array.isArray(channel)) return someOf(channel.map(channelShape).filter((shape) => shape !== undefined));
  if (!isSpec(channel)) return channel;
  const parts = meaning.map((name) => [name, channelShape(channel[name])] as const);
  const said = parts.filter(([, shape]) => shape !== undefined);
  return someOf(said) && Object.fromEntries(said);
}

const someOf = <T>(list: T[]): T[] | undefined => (list.length > 0 ? list : undefined);

function encodingShape(encoding: Json): Json {
  if (!isSpec(encoding)) return undefined;
  // A stored chart has its members sorted, a new one in the order of its author.
  const channels = Object.entries(encoding)
    // What the pointer is told of a mark is said by the mark already.
    .filter(([name]) => name !== "tooltip")
    .map(([name, channel]) => [name, channelShape(channel)] as const)
    .filter(([, shape]) => shape !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(channels);
}

/** Names as a sorted set, their numbers masked: how many threads took part may differ from run to run. */
function nameSet(values: Json): string[] | undefined {
  if (!Array.isArray(values)) return undefined;
  return [...new Set(values.map((value) => maskNumbers(String(value))))].sort();
}

/** The fields that channels encode as categories, anywhere in the specification. */
function categoricalFields(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(categoricalFields);
  if (!isSpec(value)) return [];
  const own =
    (value.type === "nominal" || value.type === "ordinal") && typeof value.field === "string"
      ? [value.field]
      : [];
  return [...own, ...Object.values(value).flatMap(categoricalFields)];
}

function rowsOf(spec: Spec): Spec[] {
  const inline = isSpec(spec.data) ? [spec.data.values] : [];
  const named = isSpec(spec.datasets) ? Object.values(spec.datasets) : [];
  const within = composed.flatMap((name) => [spec[name] ?? []].flat()).filter(isSpec);
  return [
    ...[...inline, ...named].flatMap((rows) => (Array.isArray(rows) ? rows.filter(isSpec) : [])),
    ...within.flatMap(rowsOf),
  ];
}

/** The names in a chart: what its `usermeta` lists as lanes and tasks, else the categories of its data. */
function names(spec: Spec): Json {
  const { usermeta } = spec;
  if (isSpec(usermeta) && Array.isArray(usermeta.lanes)) {
    return { lanes: nameSet(usermeta.lanes), tasks: nameSet(usermeta.tasks) };
  }
  const rows = rowsOf(spec);
  const fields = [...new Set(categoricalFields(spec))].sort();
  const textsOf = (field: string) =>
    rows.map((row) => row[field]).filter((value) => typeof value === "string");
  return Object.fromEntries(fields.map((field) => [field, nameSet(textsOf(field))]));
}

/** A line of text for each part, so that a diff stays short. Which layer lies over which is a matter of looks. */
function partsOf(name: string, parts: Json): Json {
  const lines = [parts].flat().map((part) => JSON.stringify(structure(part)).replaceAll('"', ""));
  return name === "layer" ? [...new Set(lines)].sort() : lines;
}

function structure(spec: Json): Json {
  if (!isSpec(spec)) return undefined;
  const parts = composed.filter((name) => name in spec).map((name) => [name, partsOf(name, spec[name])]);
  const mark = isSpec(spec.mark) ? spec.mark.type : spec.mark;
  return { mark, encoding: encodingShape(spec.encoding), ...Object.fromEntries(parts) };
}

/** The title without its subtitle, in which a chart may say what it has left out. */
function titleOf({ title }: Spec): string | undefined {
  const text = isSpec(title) ? title.text : title;
  return text === undefined ? undefined : maskNumbers([text].flat().join("\n"));
}

/** A measured chart by its title, marks, encodings and names; its numbers do not count. */
export function vegaLiteShape(spec: Json): Json {
  return isSpec(spec) ? { title: titleOf(spec), ...(structure(spec) as Spec), names: names(spec) } : spec;
}
