// JupyterLab's Vega renderer writes a PNG of each chart that it draws into the notebook, so that merely
// opening one changes it. A chart that brings its own SVG has its picture already and stays as it is.

const keepingData = (model) => Object.create(model, { setData: { value: () => {} } });

function createQuietRenderer(factory, options) {
  const renderer = factory.createRenderer(options);
  const render = renderer.renderModel.bind(renderer);
  renderer.renderModel = (model) => render("image/svg+xml" in model.data ? keepingData(model) : model);
  return renderer;
}

/** The same MIME extension, with a renderer that leaves outputs with an SVG unchanged. */
export function leavingOutputsAlone(extension) {
  const factory = extension.rendererFactory;
  const createRenderer = (options) => createQuietRenderer(factory, options);
  return { ...extension, rendererFactory: { ...factory, createRenderer } };
}
