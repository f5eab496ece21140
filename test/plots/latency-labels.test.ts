import { latencyChart } from "kernel-helpers";
import { expect, it } from "vitest";

it("labels a linear axis with plain numbers, never with powers", () => {
  const svg = latencyChart({ calls: [20, 21, 311] }, { scale: "linear" }).toSvg();
  expect(svg).not.toMatch(/\de\+?\d/);
  expect(svg).toContain(">300<");
});
