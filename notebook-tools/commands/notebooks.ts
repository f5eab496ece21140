/** What the commands share: notebooks one after the other, and where what they say goes. */
import { findNotebooks, NotebookError } from "../nbformat";
import { exitCodes } from "../run/summary";

export const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Says what is wrong and sets the exit code; rethrows what is a fault of ours. */
export function report(error: unknown): void {
  if (!(error instanceof NotebookError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = exitCodes.badUsage;
}

/** Does something with each notebook; one that cannot be read is reported, and the others are done all the same. */
export async function forEach(
  paths: readonly string[],
  work: (file: string) => Promise<void>,
): Promise<void> {
  const notebooks = await findNotebooks(paths).catch(report);
  if (notebooks?.length === 0)
    report(
      new NotebookError("no notebook (`*.ipynb`) here; name a file or another folder.", {
        file: paths.join(", "),
      }),
    );
  for (const { file } of notebooks ?? []) await work(file).catch(report);
}
