/** What this extension adds to JupyterLab, one plugin a feature. */
import { checkPlugin } from "./check";
import { connectionPlugin } from "./connection";
import { loopPlugin } from "./loop";
import { sectionsPlugin } from "./sections";

export default [checkPlugin, connectionPlugin, loopPlugin, sectionsPlugin];
