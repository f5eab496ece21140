import { afterAll, beforeAll, describe } from "vitest";
import { browserMissing } from "../browser";
import { jupyterMissing } from "./jupyter-server";
import { documentScenarios } from "./scenarios/documents";
import { endScenarios } from "./scenarios/ends";
import { fileScenarios } from "./scenarios/files";
import { kernelScenarios } from "./scenarios/kernel";
import { Scene, startOfficial, startOurs } from "./scenarios/scene";

const servers = [
  ["ours", startOurs, browserMissing],
  ["the official JupyterLab", startOfficial, browserMissing ?? jupyterMissing],
] as const;

for (const [name, start, missing] of servers) {
  const isLeftOut = missing !== undefined && !process.env.CI;
  const title = `a day in a browser: ${name}${isLeftOut ? ` (LEFT OUT: ${missing})` : ""}`;
  describe.skipIf(isLeftOut)(title, () => {
    const scene = new Scene(start);
    beforeAll(() => scene.open());
    afterAll(() => scene.close());
    // In this order: the later ones meet what the earlier ones have left.
    kernelScenarios(scene, name);
    fileScenarios(scene);
    documentScenarios(scene);
    endScenarios(scene);
  });
}
