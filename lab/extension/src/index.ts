/** What this extension adds to JupyterLab, one plugin a feature. */
import { loopPlugin } from "./loop";
import { sectionsPlugin } from "./sections";

export default [loopPlugin, sectionsPlugin];
