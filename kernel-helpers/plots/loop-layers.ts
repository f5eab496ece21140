import { stretch } from "./bar-layers";
import type { Layout } from "./layout";
import { round } from "./numbers";
import type { VegaLiteSpec } from "./spec";
import { alarm, ink, palette } from "./theme";
import { words } from "./words";

export function blockBands({ height }: Layout): VegaLiteSpec {
  return {
    data: { name: "blocks" },
    mark: { type: "rect", color: alarm, opacity: 0.13, clip: true },
    encoding: { ...stretch, y: { datum: 0 }, y2: { datum: height } },
  };
}

/** On the line of the loop's ticks, which it interrupts. */
export function blockLine(layout: Layout): VegaLiteSpec {
  return stretchOnLine("blocks", alarm, words().fields.blockedFrom, layout);
}

/** Over the block that the recording itself was. */
export function costLine(layout: Layout): VegaLiteSpec {
  return stretchOnLine("costs", palette[5], words().fields.recordingFrom, layout);
}

const lineHalf = 0.13;

function stretchOnLine(name: string, color: string, from: string, { loopLine }: Layout): VegaLiteSpec {
  return {
    data: { name },
    mark: { type: "rect", color, opacity: 1, minBandSize: 1, clip: true },
    encoding: {
      ...stretch,
      y: { datum: round(loopLine - lineHalf, 0.001) },
      y2: { datum: round(loopLine + lineHalf, 0.001) },
      tooltip: [
        { field: "start", title: from },
        { field: "ms", title: words().fields.for },
      ],
    },
  };
}

/**
 * A row of dots in the loop's lane, broken where the loop was blocked: lines with round ends, the smallest in SVG,
 * and a tenth of a pixel long, for a canvas draws nothing of a line without length.
 */
export function tickLayer({ loopLine }: Layout): VegaLiteSpec {
  return {
    data: { name: "ticks" },
    mark: {
      type: "rule",
      strokeCap: "round",
      strokeWidth: 5,
      y2Offset: 0.1,
      color: ink,
      opacity: 1,
      clip: true,
    },
    encoding: {
      x: { field: "time" },
      y: { datum: loopLine },
      y2: { datum: loopLine },
      tooltip: [{ field: "time", title: words().fields.ticked }],
    },
  };
}
