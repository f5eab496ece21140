/** What this extension adds to JupyterLab, one plugin a feature. */
import { checkPlugin } from "./check";
import { connectionPlugin } from "./connection";
import { exercisesPlugin } from "./exercises";
import { exportPlugin } from "./export";
import { loopPlugin } from "./loop";
import { sectionsPlugin } from "./sections";
import { typescriptPlugin } from "./typescript";

export default [
  checkPlugin,
  connectionPlugin,
  exercisesPlugin,
  exportPlugin,
  loopPlugin,
  sectionsPlugin,
  typescriptPlugin,
];
