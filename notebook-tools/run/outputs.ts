/** IOPub messages -> a cell's outputs, as a front end applies them. */
import type { Message } from "../kernel-client/browser";
import type { MimeBundle, Output } from "../nbformat/browser";

/** A stream while it grows: pieces are joined once, at the end. */
interface GrowingStream {
  output_type: "stream";
  name: string;
  pieces: string[];
}

type Growing = GrowingStream | Exclude<Output, { output_type: "stream" }>;
type Rich = Extract<Output, { data: MimeBundle }>;

const isOutput = new Set(["stream", "display_data", "execute_result", "error", "clear_output"]);

class CellOutputs {
  items: Growing[] = [];
  /** `clear_output(wait=True)`: clears when the next output comes. */
  clearOnNext = false;

  add(item: Growing): void {
    this.#clearIfDue();
    this.items.push(item);
  }

  addText(name: string, text: string): void {
    this.#clearIfDue();
    const last = this.items.at(-1);
    if (last?.output_type === "stream" && last.name === name) last.pieces.push(text);
    else this.items.push({ output_type: "stream", name, pieces: [text] });
  }

  #clearIfDue(): void {
    if (this.clearOnNext) this.items = [];
    this.clearOnNext = false;
  }
}

function finished(item: Growing): Output {
  if (item.output_type !== "stream") return item;
  // Joining in place lets go of the pieces, which for a large output take as much memory again.
  if (item.pieces.length > 1) item.pieces = [item.pieces.join("")];
  return { output_type: "stream", name: item.name, text: item.pieces[0]! };
}

/** The outputs of the runs of a notebook's cells. A `display_id` reaches across cells. */
export class NotebookOutputs {
  readonly #runs = new Map<number, CellOutputs>();
  readonly #displays = new Map<string, Rich[]>();
  /** By the comm of an Output widget: the request whose outputs it takes. */
  readonly #takers = new Map<unknown, string>();
  readonly #inWidgets = new Set<number>();

  /** A cell's run starts, with no outputs yet. `run` is any number of its own. */
  start(run: number): void {
    this.#runs.set(run, new CellOutputs());
  }

  of(run: number): Output[] {
    return (this.#runs.get(run)?.items ?? []).map(finished);
  }

  /** Runs some of whose outputs went into a widget. */
  get inWidgets(): ReadonlySet<number> {
    return this.#inWidgets;
  }

  /**
   * Applies one message that names the run's request as its parent; others than outputs do nothing. False for an output
   * that is not the cell's: an Output widget of ipywidgets takes what comes while it is entered, errors too.
   */
  apply(run: number, message: Message): boolean {
    const outputs = this.#runs.get(run);
    if (!outputs) return true;
    this.#followWidgets(message);
    if (!isOutput.has(message.header.msg_type) || !this.#isTaken(message)) {
      this.#add(outputs, message);
      return true;
    }
    this.#inWidgets.add(run);
    return false;
  }

  /** An Output widget names the request whose outputs it takes, and nothing once it is left. */
  #followWidgets({ header, content }: Message): void {
    const { comm_id, data } = content;
    const state = data?.state;
    if (header.msg_type === "comm_open" && state?._model_name === "OutputModel")
      this.#takers.set(comm_id, text(state.msg_id));
    else if (header.msg_type === "comm_msg" && this.#takers.has(comm_id) && state?.msg_id !== undefined)
      this.#takers.set(comm_id, text(state.msg_id));
  }

  #isTaken({ parent_header }: Message): boolean {
    const parent = parent_header.msg_id ?? "";
    return parent !== "" && [...this.#takers.values()].includes(parent);
  }

  #add(outputs: CellOutputs, { header, content }: Message): void {
    switch (header.msg_type) {
      case "stream":
        outputs.addText(text(content.name, "stdout"), text(content.text));
        break;
      case "display_data":
        this.#addRich(outputs, { output_type: "display_data", ...bundle(content) }, content);
        break;
      case "execute_result": {
        const execution_count = count(content.execution_count);
        this.#addRich(
          outputs,
          { output_type: "execute_result", execution_count, ...bundle(content) },
          content,
        );
        break;
      }
      case "update_display_data":
        for (const shown of this.#displays.get(content.transient?.display_id) ?? []) {
          Object.assign(shown, bundle(content));
        }
        break;
      case "error": {
        const { ename, evalue, traceback } = content;
        const lines = [traceback ?? []].flat().map((line) => text(line));
        outputs.add({ output_type: "error", ename: text(ename), evalue: text(evalue), traceback: lines });
        break;
      }
      case "clear_output":
        if (content.wait) outputs.clearOnNext = true;
        else outputs.items = [];
        break;
    }
  }

  #addRich(outputs: CellOutputs, output: Rich, content: Message["content"]): void {
    outputs.add(output);
    const id: unknown = content.transient?.display_id;
    if (typeof id !== "string") return;
    this.#displays.set(id, [...(this.#displays.get(id) ?? []), output]);
  }
}

// Some kernels do not keep to the protocol; what they send must neither end the run nor make the notebook invalid.

const text = (value: unknown, otherwise = ""): string =>
  typeof value === "string"
    ? value
    : value === undefined || value === null
      ? otherwise
      : JSON.stringify(value);

/** An execution count as nbformat wants it. */
const count = (value: unknown): number | null => (Number.isInteger(value) ? (value as number) : null);

const object = (value: unknown): MimeBundle =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as MimeBundle) : {};

function bundle({ data, metadata }: Message["content"]): Pick<Rich, "data" | "metadata"> {
  return { data: object(data), metadata: object(metadata) };
}
