// The page's entry: collects the plugins of every bundled extension and starts JupyterLab with them.
// It does what JupyterLab's own dev_mode/index.js does, less the extensions loaded at run time.
import "lab-style";
import { JupyterLab } from "@jupyterlab/application";
import { PageConfig } from "@jupyterlab/coreutils";
import { IServiceManager } from "@jupyterlab/services";
import { PluginRegistry } from "@lumino/coreutils";
import { extensions, mimeExtensions } from "lab-extensions";
import { kernelHelp } from "./kernel-help";
import { leavingOutputsAlone } from "./vega";

const vegaId = "@jupyterlab/vega5-extension:factory";
const pluginsOf = (module) => [module.__esModule ? module.default : module].flat();
const isEnabled = (plugin) => !PageConfig.Extension.isDisabled(plugin.id);
const raw = (patterns) => patterns.map((pattern) => pattern.raw);

function describe(plugin) {
  const { id, description, requires = [], optional = [], provides = null, autoStart } = plugin;
  return { id, description, requires, optional, provides, autoStart, enabled: isEnabled(plugin) };
}

async function main() {
  const plugins = [...extensions.flatMap(pluginsOf), kernelHelp];
  const mimePlugins = mimeExtensions
    .flatMap(pluginsOf)
    .map((plugin) => (plugin.id === vegaId ? leavingOutputsAlone(plugin) : plugin));
  const all = [...mimePlugins, ...plugins];
  const pluginRegistry = new PluginRegistry();
  pluginRegistry.registerPlugins(plugins.filter(isEnabled));
  const lab = new JupyterLab({
    pluginRegistry,
    serviceManager: await pluginRegistry.resolveOptionalService(IServiceManager),
    mimeExtensions: mimePlugins.filter(isEnabled),
    disabled: {
      matches: all.filter((plugin) => !isEnabled(plugin)).map((plugin) => plugin.id),
      patterns: raw(PageConfig.Extension.disabled),
    },
    deferred: { matches: [], patterns: raw(PageConfig.Extension.deferred) },
    availablePlugins: all.map(describe),
  });
  await lab.start({ ignorePlugins: [], bubblingKeydown: true });
}

window.addEventListener("load", main);
