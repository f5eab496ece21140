/** Where a reader is in a notebook, to be found again in another edition, whose cells have the same ids. */
import type { NotebookPanel } from "@jupyterlab/notebook";

/** The id of the active cell if it can be seen, else of the first that can be. */
export function placeIn({ content }: NotebookPanel): string | undefined {
  const view = content.node.getBoundingClientRect();
  const isSeen = ({ node }: { node: HTMLElement }) => {
    const { top, bottom, height } = node.getBoundingClientRect();
    return node.isConnected && height > 0 && bottom > view.top + 20 && top < view.bottom - 20;
  };
  const { activeCell } = content;
  const cell = activeCell && isSeen(activeCell) ? activeCell : content.widgets.find(isSeen);
  return cell?.model.id;
}

export async function showPlace({ content, context, revealed }: NotebookPanel, cell: string) {
  await Promise.all([context.ready, revealed]);
  const index = content.widgets.findIndex(({ model }) => model.id === cell);
  if (index < 0) return;
  content.activeCellIndex = index;
  await content.scrollToItem(index, "start").catch(() => {});
}
