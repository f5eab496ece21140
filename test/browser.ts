/** The browser of the tests that open JupyterLab. */

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const executablePath = [
  process.env.CHROMIUM_PATH ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find((path) => existsSync(path));

const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Why there is no browser here, or undefined where there is one. */
export const browserMissing = executablePath
  ? undefined
  : "no Chromium found; install it or set CHROMIUM_PATH";

export const launchBrowser = (): Promise<Browser> => chromium.launch({ executablePath, args });
