/**
 * One theme for every chart. Notebooks are read on white and on near-black: the background stays transparent,
 * text takes the colour of the page around it, and each colour of a bar keeps a contrast of at least 3 on both.
 * The colours stay apart in OKLab, by 0.085 at least, for normal sight and for simulated protanopia,
 * deuteranopia and tritanopia (matrices of Machado et al., 2009).
 */
export const palette = [
  "#2761d3", // blue
  "#57a370", // green
  "#b179ce", // lilac
  "#9a5053", // wine
  "#755393", // plum
  "#787f8a", // slate
] as const;

/** The colours that carry white letters with a contrast of at least 4.5 (WCAG 2.2, AA); the others carry black ones. */
export const darkColours: readonly string[] = ["#2761d3", "#9a5053", "#755393"];

/** Kept for the one thing to look at: where the event loop is blocked. */
export const alarm = "#d9541e";

/**
 * Text and axes: the page's own colour of text. No one grey has a contrast of 4.5 both on white and on #111. Where
 * there is no page, as in a picture of its own, `renderSvg` gives one colour for light and one for dark.
 */
export const ink = "currentColor";

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
    labelOpacity: 0.8,
    titleOpacity: 0.8,
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
    labelOpacity: 0.8,
    labelFontSize: 12,
    symbolType: "square",
    symbolSize: 110,
    symbolStrokeWidth: 0,
    columnPadding: 14,
    offset: 6,
  },
  range: { category: palette },
} as const;
