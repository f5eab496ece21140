import { jupyterDisplay, MimeBundle } from "./chart";

/** One message to the front end: a new display, or, with `update`, a new state of the display with that id. */
interface Display {
  data: MimeBundle;
  metadata?: MimeBundle;
  displayId?: string;
  update?: boolean;
}

interface Publisher {
  display(message: Display): void;
  clearOutput(wait?: boolean): void;
}

type TslabWrite = (
  content: { data: MimeBundle; metadata: MimeBundle; transient: { display_id?: string } },
  update: boolean,
) => void;

/** Whatever knows its own mimebundle: every chart does. */
export interface Showable {
  [jupyterDisplay](): MimeBundle;
}

/**
 * Shows a chart here and now: in a notebook as one mimebundle (Vega-Lite for JupyterLab, SVG for GitHub,
 * VS Code and exports, text for the rest), in a terminal as text.
 */
export function show(chart: Showable): void {
  const send = notebook();
  if (send) send({ data: chart[jupyterDisplay]() });
  else process.stdout.write(`${String(chart)}\n`);
}

/** The way into the running notebook, or undefined in a terminal. */
export function notebook(): ((message: Display) => void) | undefined {
  const publisher = (globalThis as { [key: symbol]: unknown })[Symbol.for("kernel-helpers.publish")];
  if (publisher) return (message) => (publisher as Publisher).display(message);
  const write = tslabWrite();
  return write && ((message) => write(...asTslab(message)));
}

function asTslab({ data, metadata = {}, displayId, update = false }: Display): Parameters<TslabWrite> {
  return [{ data, metadata, transient: displayId ? { display_id: displayId } : {} }, update];
}

/** Where the kernel is tslab without our launcher: its own way to display, looked up anew for each cell. */
function tslabWrite(): TslabWrite | undefined {
  const path = Object.keys(require.cache).find((file) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(file));
  const jupyter = path && (require.cache[path]?.exports as { lastWriteDisplayData?: TslabWrite | null });
  return (jupyter || undefined)?.lastWriteDisplayData ?? undefined;
}
