import { Context, copyContext, type Entry } from "./context-var";

/** Context variables on their way to another thread. */

/**
 * A context as it crosses: each variable's id and value under its name, so that whoever packs the values
 * can name them; undefined when nothing is set.
 */
export type WireContext = { ids: Record<string, string>; values: Record<string, unknown> } | undefined;

/**
 * The context here as data for another thread. `pack` prepares each value (the default lets through what
 * structured clone takes) and may throw; the error then names the variable.
 */
export function exportContext(pack: (value: unknown) => unknown = requireClonable): WireContext {
  const { values } = copyContext();
  if (values.size === 0) return undefined;
  const wire = { ids: {} as Record<string, string>, values: {} as Record<string, unknown> };
  for (const [id, { name, value }] of values) {
    const label = freeLabel(wire.ids, name);
    wire.ids[label] = id;
    wire.values[label] = packNamed(name, value, pack);
  }
  return wire;
}

/** Two variables may have one name. */
function freeLabel(taken: Record<string, string>, name: string): string {
  if (!Object.hasOwn(taken, name)) return name;
  let count = 2;
  while (Object.hasOwn(taken, `${name} (${count})`)) count++;
  return `${name} (${count})`;
}

/** Calls `fn` in the context that `exportContext` of another thread gave, and in no other. */
export function importContext<R>(
  data: WireContext,
  fn: () => R,
  unpack: (value: unknown) => unknown = (value) => value,
): R {
  if (!data) return new Context().run(fn);
  const values = new Map<string, Entry>();
  for (const [name, id] of Object.entries(data.ids)) {
    values.set(id, { name, value: unpack(data.values[name]) });
  }
  return new Context(values).run(fn);
}

function packNamed(name: string, value: unknown, pack: (value: unknown) => unknown): unknown {
  try {
    return pack(value);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(
      `The value of ContextVar "${name}" cannot go to another thread: ${reason} ` +
        "Keep data in the variable, or call runInExecutor, which copies no context.",
      { cause },
    );
  }
}

function requireClonable(value: unknown): unknown {
  if (typeof value === "object" || typeof value === "function" || typeof value === "symbol") {
    structuredClone(value);
  }
  return value;
}
