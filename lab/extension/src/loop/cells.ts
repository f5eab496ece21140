/** The cells of a notebook as its kernel calls them: by the number of their execution. */
import type { CodeCell } from "@jupyterlab/cells";
import type { CodeEditor } from "@jupyterlab/codeeditor";
import { PathExt } from "@jupyterlab/coreutils";
import type { IDocumentManager } from "@jupyterlab/docmanager";
import type { FileEditor } from "@jupyterlab/fileeditor";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { KernelMessage } from "@jupyterlab/services";
import { type BlockingPlace, cellTitle, executionOf } from "./text";

/** A place as the history shows it. */
export interface Place {
  /** The first line of the cell. */
  title: string;
  /** Shows the cell or the file, with the cursor in the line that blocked. */
  reveal(): void;
}

function setCursor(editor: CodeEditor.IEditor | null | undefined, line: number) {
  if (editor && line <= editor.lineCount) editor.setCursorPosition({ line: line - 1, column: 0 });
}

async function revealCell({ content }: NotebookPanel, cell: CodeCell, line: number | undefined) {
  const index = content.widgets.indexOf(cell);
  if (index < 0) return;
  content.activeCellIndex = index;
  await content.scrollToItem(index).catch(() => {});
  await cell.ready;
  if (line !== undefined) {
    content.mode = "edit";
    setCursor(cell.editor, line);
  }
  content.activate();
}

async function revealFile(manager: IDocumentManager, path: string, line: number) {
  const widget = manager.openOrReveal(path);
  await widget?.context.ready;
  setCursor((widget?.content as Partial<FileEditor> | undefined)?.editor, line);
}

export class NumberedCells {
  /** The cells that the kernel has run since this page looks, as the stored numbers are of an earlier one. */
  readonly #ran = new Map<number, CodeCell>();

  constructor(
    readonly panel: NotebookPanel,
    readonly manager: IDocumentManager,
  ) {
    panel.sessionContext.iopubMessage.connect((_, message) => this.#note(message));
    panel.sessionContext.statusChanged.connect((_, status) => {
      if (status.endsWith("restarting")) this.#ran.clear();
    });
    panel.sessionContext.kernelChanged.connect(() => this.#ran.clear());
  }

  get #cells(): CodeCell[] {
    return this.panel.content.widgets.filter(({ model }) => model.type === "code") as CodeCell[];
  }

  #note({ header, parent_header, content }: KernelMessage.IMessage) {
    if (header.msg_type !== "execute_input") return;
    const { msg_id } = parent_header as Partial<KernelMessage.IHeader>;
    const cell = this.#cells.find(({ outputArea }) => outputArea.future?.msg.header.msg_id === msg_id);
    if (cell) this.#ran.set((content as { execution_count: number }).execution_count, cell);
  }

  #running(): CodeCell | undefined {
    return this.#cells.find(({ model }) => model.executionState === "running");
  }

  /** The place of `at`, else the cell that runs. */
  find(at: BlockingPlace | undefined): Place | undefined {
    const { panel } = this;
    const count = at && executionOf(at.cell);
    const stored = () =>
      this.#cells.find(({ model }) => count !== undefined && model.executionCount === count);
    const named = count === undefined ? undefined : this.#ran.get(count);
    const running = this.#running();
    const cell = named ?? running ?? stored();
    if (!cell || cell.isDisposed) return undefined;
    const title = cellTitle(cell.model.sharedModel.getSource());
    if (at && count === undefined) {
      const path = PathExt.join(PathExt.dirname(panel.context.path), at.cell);
      return { title, reveal: () => void revealFile(this.manager, path, at.line) };
    }
    return {
      title,
      reveal: () => void revealCell(panel, cell, cell === running && !named ? undefined : at?.line),
    };
  }
}
