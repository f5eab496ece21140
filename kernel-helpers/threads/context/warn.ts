/** Is this a cell of a notebook? */
export function inNotebook(): boolean {
  return "__tslab__" in globalThis;
}

/**
 * Tells of what is allowed and hardly meant: under the cell that runs, in a notebook; elsewhere as one of Node's
 * warnings, which `--disable-warning=CODE` silences and `--trace-warnings` traces.
 */
export function warn(message: string, type: string, code?: string): void {
  if (inNotebook()) process.stderr.write(`${type}: ${message}\n`);
  else process.emitWarning(message, { type, code });
}
