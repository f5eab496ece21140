/** The folders in which Jupyter keeps its data, in the order in which they win, as jupyter_core 5 has it. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, posix, resolve, win32 } from "node:path";

/** Of a Python installation, what decides where Jupyter looks. */
interface PythonEnvironment {
  /** Its `sys.prefix`. */
  prefix: string;
  isVirtual: boolean;
  /** Where packages of the user are for it; undefined where it has none. */
  userBase: string | undefined;
}

/** How long a Python may take to say where it is, in ms. */
const askMs = 10_000;

/** Everything but these words, in any case, sets a switch. Source: jupyter_core's `envset`. */
const off = new Set(["no", "n", "false", "off", "0", "0.0"]);
const isSet = (value: string | undefined): boolean => value !== undefined && !off.has(value.toLowerCase());

/** The folder and its parents, nearest first. */
function ancestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}

/** The folders that are the project's own: `node_modules/.jupyter` of `from` and above, then of the working directory. */
function* projectDirs(from: string): Generator<string> {
  // A notebook outside the project may still be run from within it.
  for (const folder of new Set([...ancestors(resolve(from)), ...ancestors(process.cwd())]))
    yield join(folder, "node_modules", ".jupyter");
}

/** Where Jupyter's data are on a kind of system; joins paths as that system does. */
class Places {
  readonly #join: typeof join;
  readonly #home: string;

  constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly platform: string,
  ) {
    this.#join = platform === "win32" ? win32.join : posix.join;
    const home = (platform === "win32" ? env.USERPROFILE : env.HOME) || homedir();
    this.#home = existsSync(home) ? realpathSync(home) : home;
  }

  /** The user's. */
  user(): string {
    const { env, platform } = this;
    if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
    const named = isSet(env.JUPYTER_PLATFORM_DIRS);
    if (platform === "darwin") {
      const support = env.XDG_DATA_HOME || this.#join(this.#home, "Library", "Application Support");
      return named ? this.#join(support, "Jupyter") : this.#join(this.#home, "Library", "Jupyter");
    }
    if (platform !== "win32")
      return this.#join(env.XDG_DATA_HOME || this.#join(this.#home, ".local", "share"), "jupyter");
    if (named) return this.#join(env.LOCALAPPDATA || this.#join(this.#home, "AppData", "Local"), "Jupyter");
    if (env.APPDATA) return this.#join(env.APPDATA, "jupyter");
    return this.#join(env.JUPYTER_CONFIG_DIR || this.#join(this.#home, ".jupyter"), "data");
  }

  /** The system's. On Windows they are trusted only where `JUPYTER_USE_PROGRAMDATA` says so. */
  system(): string[] {
    const { env, platform } = this;
    const named = isSet(env.JUPYTER_PLATFORM_DIRS);
    if (platform === "win32")
      return isSet(env.JUPYTER_USE_PROGRAMDATA) && env.PROGRAMDATA
        ? [this.#join(env.PROGRAMDATA, named ? "Jupyter" : "jupyter")]
        : [];
    const name = platform === "darwin" ? "Jupyter" : "jupyter";
    if (named && env.XDG_DATA_DIRS)
      return env.XDG_DATA_DIRS.split(":").map((folder) => this.#join(folder, name));
    // Homebrew's own Jupyter names its folder in JUPYTER_PATH; who has kernels from there wants them here, too.
    const brew = platform === "darwin" ? ["/opt/homebrew/share/jupyter"] : [];
    if (named && platform === "darwin") return ["/Library/Application Support/Jupyter", ...brew];
    return ["/usr/local/share/jupyter", "/usr/share/jupyter", ...brew];
  }

  share(prefix: string): string {
    return this.#join(prefix, "share", "jupyter");
  }

  /** IPython's own folder, where kernels were kept once and are still looked for. */
  ipython(): string {
    return this.env.IPYTHONDIR || this.#join(this.#home, ".ipython");
  }
}

/** The first `python3` or `python` on PATH. */
function pythonOnPath({ PATH = "" }: NodeJS.ProcessEnv, platform: string): string | undefined {
  const names = platform === "win32" ? ["python.exe"] : ["python3", "python"];
  return (
    PATH.split(delimiter)
      // What stands there on Windows opens a shop.
      .filter((folder) => folder !== "" && !/[\\/]WindowsApps$/i.test(folder))
      .flatMap((folder) => names.map((name) => join(folder, name)))
      .find((file) => existsSync(file))
  );
}

/** What the settings of a virtual environment tell without starting its Python; undefined for any other Python. */
function virtualEnvironment(python: string): PythonEnvironment | undefined {
  for (const prefix of [dirname(dirname(python)), dirname(python)]) {
    const settings = join(prefix, "pyvenv.cfg");
    if (!existsSync(settings)) continue;
    // It has the packages of the user then, and only Python knows where.
    if (/^\s*include-system-site-packages\s*=\s*true/im.test(readFileSync(settings, "utf8")))
      return undefined;
    return { prefix, isVirtual: true, userBase: undefined };
  }
  return undefined;
}

const question = `import sys, site
print(sys.prefix, sys.base_prefix, site.getuserbase() if site.ENABLE_USER_SITE else "", sep="\\n")`;

const known = new Map<string, PythonEnvironment | undefined>();

/** Asked once: starting Python takes a while. */
function askPython(python: string, env: NodeJS.ProcessEnv): PythonEnvironment | undefined {
  const key = JSON.stringify([
    python,
    Object.entries(env).filter(([name]) => /^PY|^HOME$|^APPDATA$/.test(name)),
  ]);
  if (!known.has(key)) {
    const { status, stdout } = spawnSync(python, ["-c", question], {
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: askMs,
      windowsHide: true,
    });
    const [prefix, base, userBase] = status === 0 ? stdout.split(/\r?\n/) : [];
    known.set(
      key,
      prefix ? { prefix, isVirtual: prefix !== base, userBase: userBase || undefined } : undefined,
    );
  }
  return known.get(key);
}

function isMine(folder: string): boolean {
  try {
    return process.geteuid === undefined || statSync(folder).uid === process.geteuid();
  } catch {
    return false;
  }
}

/** Whether an environment's kernels go before the user's. */
function goesBeforeUser({ prefix, isVirtual }: PythonEnvironment, env: NodeJS.ProcessEnv): boolean {
  if (env.JUPYTER_PREFER_ENV_PATH !== undefined) return isSet(env.JUPYTER_PREFER_ENV_PATH);
  if (!isMine(prefix)) return false;
  const { CONDA_PREFIX, CONDA_DEFAULT_ENV = "base" } = env;
  return (
    isVirtual || (Boolean(CONDA_PREFIX) && prefix.startsWith(CONDA_PREFIX!) && CONDA_DEFAULT_ENV !== "base")
  );
}

/** Active environments that are not on PATH: they say by a variable that they are. */
function named({ VIRTUAL_ENV, CONDA_PREFIX }: NodeJS.ProcessEnv): PythonEnvironment[] {
  const environment = (prefix: string, isVirtual: boolean) => ({ prefix, isVirtual, userBase: undefined });
  return [
    ...(VIRTUAL_ENV ? [environment(VIRTUAL_ENV, true)] : []),
    ...(CONDA_PREFIX ? [environment(CONDA_PREFIX, false)] : []),
  ];
}

/** The environments that count: that of the first Python on PATH, whose Jupyter one would start, then those that are named. */
function environments(env: NodeJS.ProcessEnv, platform: string): PythonEnvironment[] {
  const python = pythonOnPath(env, platform);
  const first = python && (virtualEnvironment(python) ?? askPython(python, env));
  return first ? [first, ...named(env)] : named(env);
}

/** Jupyter's own, after `JUPYTER_PATH`; what only Python knows is asked for as late as can be. */
function* jupyterDirs(env: NodeJS.ProcessEnv, platform: string): Generator<string> {
  const places = new Places(env, platform);
  const system = places.system();
  const user = places.user();
  // No environment can go before the user then, so Python need not be asked before the user's folder was looked into.
  const python = pythonOnPath(env, platform);
  const isCertain = env.JUPYTER_PREFER_ENV_PATH !== undefined && !isSet(env.JUPYTER_PREFER_ENV_PATH);
  if (isCertain || (!python && named(env).length === 0)) yield user;
  const all = environments(env, platform);
  const shares = (some: PythonEnvironment[]) =>
    some.map(({ prefix }) => places.share(prefix)).filter((folder) => !system.includes(folder));
  const before = all.filter((one) => goesBeforeUser(one, env));
  yield* shares(before);
  yield user;
  for (const { userBase } of all) if (userBase) yield places.share(userBase);
  yield* shares(all);
  yield* system;
  yield places.ipython();
}

/** `JUPYTER_PATH`, then Jupyter's own: what there is wherever a notebook lies. */
function* eachSharedDir(env: NodeJS.ProcessEnv, platform: string): Generator<string> {
  const named = (env.JUPYTER_PATH ?? "").split(platform === "win32" ? ";" : ":");
  yield* named.filter((folder) => folder !== "").map((folder) => folder.replace(/(?<=.)[\\/]+$/, ""));
  yield* jupyterDirs(env, platform);
}

/** The same as `dataDirs`, one by one: what comes late, and takes a while to find, is mostly not needed. */
export function* eachDataDir(
  from: string,
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
): Generator<string> {
  const seen = new Set<string>();
  for (const folders of [projectDirs(from), eachSharedDir(env, platform)]) {
    for (const folder of folders) {
      if (!seen.has(folder)) yield folder;
      seen.add(folder);
    }
  }
}

/** `dataDirs` without the project's own: for who must not run what the folder of a notebook brings along. */
export function sharedDataDirs(
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
): string[] {
  return [...new Set(eachSharedDir(env, platform))];
}

/**
 * Jupyter's data folders in the order in which they win: the project's own (`node_modules/.jupyter` of `from`
 * and of each folder above it, then of the working directory), then those of `jupyter --paths`: `JUPYTER_PATH`, the
 * user's, those of the Python environment that is active or first on PATH, the system's; an environment goes before
 * the user where it is virtual or conda's, or `JUPYTER_PREFER_ENV_PATH` says so. Last comes IPython's.
 */
export function dataDirs(
  from: string,
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
): string[] {
  return [...eachDataDir(from, env, platform)];
}

/** Virtual environments in the folder or above that have kernels, but are not active. */
export function inactiveEnvironments(from: string, searchedDirs: readonly string[]): string[] {
  return ancestors(resolve(from))
    .flatMap((folder) => [join(folder, ".venv"), join(folder, "venv")])
    .filter((folder) => existsSync(join(folder, "share", "jupyter", "kernels")))
    .filter((folder) => !searchedDirs.includes(join(folder, "share", "jupyter")));
}
