import { comparisonChart, costChart } from "kernel-helpers";
import { describe, expect, it } from "vitest";

// biome-ignore lint/suspicious/noExplicitAny: a spec is JSON
const axis = (chart: { spec: any }) => chart.spec.encoding.x;

describe("the axis of a bar chart", () => {
  it("begins at zero while all bars can be seen on it", () => {
    const x = axis(comparisonChart({ "one after another": 610, together: 210 }));
    expect(x.scale.domain[0]).toBe(0);
    expect(x.title).toBe("duration (ms)");
  });

  it("is logarithmic, and says so, where the largest would hide the smallest", () => {
    const x = axis(costChart({ direct: 0.14, "new Worker": 43_100 }));
    expect(x.scale.type).toBe("log");
    expect(x.scale.domain[0]).toBeLessThan(0.14);
    expect(x.scale.domain[1]).toBeGreaterThan(43_100);
    expect(x.title).toBe("time for a call (µs), logarithmic");
  });

  it("drops labels of a logarithmic axis that would run into each other, or out of the picture", () => {
    const svg = costChart({ direct: 0.141, "new Worker": 94_000 }).toSvg();
    expect(svg).toMatch(/fill="currentColor"[^>]*>10,000</);
    expect(svg).toMatch(/opacity="0">1,000,000</);
  });

  it("has dots on a logarithmic axis, where a bar's length would say nothing", () => {
    const { layer } = costChart({ direct: 0.14, "new Worker": 43_100 }).spec;
    expect((layer as { mark: { type: string } }[]).map(({ mark }) => mark.type)).toEqual(["point", "text"]);
  });

  it("stays linear beside a zero, which has no logarithm", () => {
    expect(axis(costChart({ nothing: 0, much: 1e6 })).scale.type).toBeUndefined();
  });
});
