/** environment.yml -> what pip installs, so that conda and pip agree on the versions. */

/** Packages that conda brings and pip does not. */
const notFromPyPI = new Set(["nodejs", "python"]);

/** The dependencies of an environment.yml as requirements for pip: `jupyterlab=4.6.6` -> `jupyterlab==4.6.6`. */
export function requirements(environment: string): string[] {
  const entries = [...environment.matchAll(/^\s*-\s*([\w.-]+)=([\w.]+)\s*$/gm)];
  return entries
    .filter(([, name]) => !notFromPyPI.has(name!))
    .map(([, name, version]) => `${name}==${version}`);
}
