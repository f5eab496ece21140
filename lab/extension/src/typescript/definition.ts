/** Goes from a name in a cell to where it is defined. */
import { Notification } from "@jupyterlab/apputils";
import { Text } from "@jupyterlab/coreutils";
import type { IDocumentManager } from "@jupyterlab/docmanager";
import type { FileEditor } from "@jupyterlab/fileeditor";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { TranslationBundle } from "@jupyterlab/translation";
import { type Definition, declarationIn, definitionIn, fromTop } from "./text";

async function definitionAt(panel: NotebookPanel): Promise<Definition | undefined> {
  const kernel = panel.sessionContext.session?.kernel;
  const editor = panel.content.activeCell?.editor;
  if (!kernel || !editor) return undefined;
  const code = editor.model.sharedModel.getSource();
  const cursor_pos = Text.jsIndexToCharIndex(editor.getOffsetAt(editor.getCursorPosition()), code);
  const { content } = await kernel.requestInspect({ code, cursor_pos, detail_level: 0 });
  return content.status === "ok" ? definitionIn(content.metadata) : undefined;
}

async function openAt(manager: IDocumentManager, path: string, line: number) {
  const widget = manager.openOrReveal(path, "Editor");
  if (!widget) return;
  await widget.context.ready;
  const { editor } = widget.content as FileEditor;
  const position = { line: line - 1, column: 0 };
  editor.setCursorPosition(position);
  editor.revealPosition(position);
  editor.focus();
}

async function showInCell({ content }: NotebookPanel, name: string): Promise<boolean> {
  const sources = content.widgets.map(({ model }) =>
    model.type === "code" ? model.sharedModel.getSource() : "",
  );
  const found = declarationIn(sources, content.activeCellIndex, name);
  const cell = found && content.widgets[found.cell];
  if (!cell) return false;
  content.activeCellIndex = found.cell;
  await content.scrollToCell(cell, "smart");
  await cell.ready;
  content.mode = "edit";
  cell.editor?.setCursorPosition({ line: found.line, column: 0 });
  return true;
}

export async function goToDefinition(
  panel: NotebookPanel,
  manager: IDocumentManager,
  trans: TranslationBundle,
) {
  const say = (text: string) => void Notification.info(text, { autoClose: 5000 });
  const definition = await definitionAt(panel).catch(() => undefined);
  if (panel.isDisposed) return;
  if (!definition) return say(trans.__("The kernel does not tell where this is defined."));
  const { name, path, line = 1 } = definition;
  if (path === undefined) {
    if (!(await showInCell(panel, name))) say(trans.__("No cell of this notebook defines %1.", name));
    return;
  }
  const folder = panel.context.path.split("/").slice(0, -1).join("/");
  const file = fromTop(folder, path);
  const isThere =
    file !== undefined &&
    (await manager.services.contents.get(file, { content: false }).then(
      () => true,
      () => false,
    ));
  if (isThere) return openAt(manager, file, line);
  say(
    trans.__(
      "%1 is defined in line %2 of %3, outside of the folders that are shown here.",
      name,
      String(line),
      path,
    ),
  );
}
