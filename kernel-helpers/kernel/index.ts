/**
 * The kernel: tslab, unmodified, behind a launcher that speaks Jupyter fully. It is started through
 * its kernelspec (`launcher.js`) and written by `install.js`; code in the same process can look up
 * the cells' scripts.
 */

export { install } from "./install";
export {
  type CellScript,
  type CellScripts,
  cellScripts,
  cellsSymbol,
  type Position,
} from "./session/cell-scripts";
