/**
 * One theme for every chart. Notebooks are read on white and on near-black, and a picture cannot know on
 * which: the background stays transparent and each colour keeps a contrast of at least 3 on both. The colours were chosen to stay apart in OKLab for normal
 * sight and for simulated protanopia, deuteranopia and tritanopia (matrices of Machado et al., 2009).
 */
export const palette = [
  "#2761d3", // blue
  "#02996a", // green
  "#a175ba", // lilac
  "#96485f", // wine
  "#2295fe", // azure
  "#787f8a", // slate
] as const;

/** Kept for the one thing to look at: where the event loop is blocked. */
export const alarm = "#d9541e";

/** Text and axes: 4.3 on white and on #111, the most that one grey can have on both. */
export const ink = "#797979";

export const font = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";

/** The width of a chart in px, labels included. */
export const width = 640;

export const config = {
  background: "transparent",
  aria: false,
  font,
  padding: 4,
  view: { stroke: null },
  title: {
    anchor: "start",
    frame: "group",
    fontSize: 15,
    fontWeight: 600,
    color: ink,
    subtitleColor: ink,
    subtitleFontSize: 12,
    subtitlePadding: 5,
    offset: 12,
  },
  axis: {
    labelColor: ink,
    titleColor: ink,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 400,
    titlePadding: 8,
    domain: false,
    tickColor: ink,
    tickOpacity: 0.5,
    gridColor: ink,
    gridOpacity: 0.18,
    labelLimit: 170,
    labelPadding: 5,
  },
  legend: {
    orient: "top",
    title: null,
    labelColor: ink,
    labelFontSize: 12,
    symbolType: "square",
    symbolSize: 110,
    symbolStrokeWidth: 0,
    columnPadding: 14,
    offset: 6,
  },
  range: { category: palette },
} as const;
