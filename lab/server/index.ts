/** A small local Jupyter server for JupyterLab, without Python. */
export { type Lab, type LabOptions, startLab } from "./lab";
