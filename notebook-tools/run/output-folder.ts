/** Where the executed copies of `--output-dir` go. */
import { join } from "node:path";
import { checkWritable, notebooksBelow, outputFolderMarker, writeAtomically } from "../nbformat";

const markText = `Copies of notebooks, written by nb run --output-dir. nb looks into this folder only where it is named;
without this file it is a folder like any other.
`;

/**
 * Sees that every copy can be written, before anything runs. A folder that holds no notebook yet is marked as one of
 * copies, which are not taken for notebooks to run.
 * Throws `NotebookError`.
 */
export async function prepareOutputFolder(folder: string, copies: readonly string[]): Promise<void> {
  for (const copy of copies) await checkWritable(copy);
  if (copies.length > 0 && notebooksBelow(folder).length === 0)
    await writeAtomically(join(folder, outputFolderMarker), markText);
}
