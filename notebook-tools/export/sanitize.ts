import postcss = require("postcss");
import sanitizeHtml = require("sanitize-html");

const words = (text: string) => text.trim().split(/\s+/);

const HTML_TAGS = words(`
  a abbr address article aside audio b bdi bdo big blockquote br button caption center cite code col colgroup dd
  del details dfn div dl dt em fieldset figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img input ins kbd
  label legend li main mark meter nav ol optgroup option output p picture pre progress q rp rt ruby s samp section
  select small source span strike strong sub summary sup table tbody td tfoot th thead time tr track tt u ul var
  video wbr`);

/** Elements of a drawing; without links, foreign content, scripts, style sheets and animations. */
const SVG_TAGS = words(`
  circle clipPath defs desc ellipse feBlend feColorMatrix feComponentTransfer feComposite feFlood feFuncA feFuncB
  feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset filter g image line linearGradient marker
  mask metadata path pattern polygon polyline radialGradient rect stop svg switch symbol text textPath title tspan
  use view`);

/** MathML Core and what browsers still draw; without `annotation-xml`, which may hold HTML. */
const MATH_TAGS = words(`
  annotation maction math menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts
  mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none semantics`);

/** As they are written, and as HTML is when its parser does not know that it is in a drawing. */
const SVG_NAMES = new Set(SVG_TAGS.flatMap((tag) => [tag, tag.toLowerCase()]));
const TAGS = [...new Set([...HTML_TAGS, ...SVG_NAMES, ...MATH_TAGS])];

// Values are words, numbers and colours: nothing that could load a file or leave its place.
const VALUE = [/^[\w\s.,%#+-]+$/, /^(?:rgb|rgba|hsl|hsla|linear-gradient)\([\w\s.,%#/()-]+\)$/];
const STYLES: Record<string, readonly RegExp[]> = Object.fromEntries(
  words(`
    background background-color border border-bottom border-collapse border-color border-left border-radius
    border-right border-spacing border-style border-top border-width caption-side color display fill fill-opacity
    flex-direction float font font-family font-size font-style font-variant font-weight gap height letter-spacing
    line-height list-style list-style-type margin margin-bottom margin-left margin-right margin-top max-height max-width
    min-height min-width opacity overflow overflow-x overflow-y padding padding-bottom padding-left padding-right
    padding-top stop-color stop-opacity stroke stroke-dasharray stroke-linecap stroke-linejoin stroke-opacity
    stroke-width text-align text-anchor text-decoration text-decoration-line text-indent text-transform vertical-align
    white-space width word-break`).map((property) => [property, valuesOf(property)]),
);

/** A negative margin would lay one cell over another; so would a drawing that goes beyond its frame. */
function valuesOf(property: string): RegExp[] {
  if (property.startsWith("margin")) return [/^(?!.*(?:^|\s)-)[\w\s.%+-]+$/];
  if (property.startsWith("overflow"))
    return [/^(?:auto|clip|hidden|scroll)(?:\s+(?:auto|clip|hidden|scroll))?$/];
  return VALUE;
}

const SVG_ATTRIBUTES = words(`
  aria-labelledby clip-path clip-rule clippathunits cx cy d dominant-baseline alignment-baseline baseline-shift dx dy
  enable-background fill fill-opacity fill-rule filter filterunits flood-color flood-opacity font-family font-size
  font-style font-weight fx fy gradienttransform gradientunits height href in in2 k1 k2 k3 k4 letter-spacing
  lengthadjust marker-end marker-mid marker-start markerheight markerunits markerwidth mask maskcontentunits maskunits
  mode offset opacity operator order orient paint-order pathlength patterncontentunits patterntransform
  patternunits points preserveaspectratio primitiveunits r refx refy result rotate rx ry shape-rendering slope
  spreadmethod startoffset stddeviation stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset
  stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor textlength transform type
  values vector-effect version viewbox visibility width word-spacing x x1 x2 xlink:href xmlns xmlns:xlink xml:space y
  y1 y2`);

const MATH_ATTRIBUTES = words(`
  accent accentunder actiontype columnalign columnlines columnspacing columnspan depth display displaystyle encoding
  fence form frame height largeop linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize
  movablelimits notation rowalign rowlines rowspacing rowspan rspace scriptlevel selection separator stretchy
  symmetric voffset width xmlns`);

const ATTRIBUTES: Record<string, readonly string[]> = {
  "*": words("align aria-hidden aria-label bgcolor class dir hidden id lang role style title valign"),
  a: words("href hreflang name rel tabindex target"),
  audio: words("controls loop muted preload src"),
  button: ["disabled", "type"],
  code: ["tabindex"],
  col: ["span", "width"],
  colgroup: ["span", "width"],
  details: ["open", "name"],
  font: ["color", "face", "size"],
  hr: ["color", "size", "width"],
  img: words("alt decoding height loading src width"),
  input: words("checked disabled max min placeholder readonly step type value"),
  label: ["for"],
  li: ["value"],
  meter: words("high low max min optimum value"),
  ol: words("reversed start type"),
  optgroup: ["disabled", "label"],
  option: words("disabled label selected value"),
  pre: ["tabindex", "width"],
  progress: ["max", "value"],
  select: words("disabled multiple size"),
  source: words("media src type"),
  table: words("border cellpadding cellspacing width"),
  td: words("colspan headers height nowrap rowspan width"),
  th: words("abbr colspan headers height nowrap rowspan scope width"),
  time: ["datetime"],
  track: words("kind label src srclang"),
  ul: ["type"],
  video: words("controls height loop muted playsinline poster preload src width"),
  ...Object.fromEntries([...SVG_NAMES].map((tag) => [tag, SVG_ATTRIBUTES])),
  ...Object.fromEntries(MATH_TAGS.map((tag) => [tag, MATH_ATTRIBUTES])),
};

const SCHEMES = ["http", "https", "mailto", "ftp"];
const MEDIA_SCHEMES = ["http", "https", "data"];
const MEDIA = ["audio", "image", "img", "source", "track", "use", "video"];

/** Other classes could borrow the looks of the page's own parts. */
const CLASSES = words(
  "anchor contains-task-list footnotes footnote-* hljs-* language-* markdown-alert* task-list-* tml-*",
);

/** What becomes of the addresses in sanitised HTML. */
export interface Addresses {
  /** Undefined for a link that leads nowhere: its text stays. */
  link?: (href: string) => string | undefined;
  image?: (src: string) => string | undefined;
}

/** HTML that is safe to show, and what had to be left out of it. */
export interface Sanitized {
  html: string;
  /** The elements that act or load, such as `script` or `iframe`, each once; a frame with its address. */
  leftOut: string[];
}

/** Elements that would be seen or would act if they were not left out; their text goes with them. */
const ACTING = new Set(
  words(
    "applet canvas embed foreignObject foreignobject frame frameset iframe object portal script textarea",
  ),
);

/**
 * HTML without anything that acts: scripts, event handlers, `javascript:` addresses and frames are left out,
 * and so is every element or attribute that is not known to be safe. Controls are switched off.
 * @param scope a selector; style sheets are kept for what it selects (as pandas needs them for its tables),
 * reduced to colours, fonts and spaces; without it they are left out
 */
export function sanitize(html: string, addresses: Addresses = {}, scope?: string): Sanitized {
  const leftOut = new Set<string>();
  const css = scope === undefined ? "" : scopedStyles(html, scope);
  const safe = sanitizeHtml(html, {
    ...OPTIONS,
    // The names of a style sheet's own classes are changed with it, so that they meet none of the page's.
    allowedClasses: { "*": css === "" ? CLASSES : [...CLASSES, `${OWN_CLASS}*`] },
    onOpenTag: (name, { src }) => {
      if (ACTING.has(name)) leftOut.add(name === "iframe" && src ? `iframe ${src}` : name);
    },
    transformTags: {
      ...TRANSFORMS,
      "*": (tagName, attribs) => ({
        tagName,
        attribs: css === "" ? attribs : withOwnClasses(attribs),
      }),
      a: (tagName, attribs) => ({ tagName, attribs: linkOf(attribs, addresses.link) }),
      img: (tagName, attribs) => ({
        tagName,
        attribs: { alt: "", ...replaced(attribs, "src", addresses.image) },
      }),
    },
  });
  return { html: css === "" ? safe : `<style>${css}</style>\n${safe}`, leftOut: [...leftOut] };
}

const disabled = (tagName: string, attribs: sanitizeHtml.Attributes) => ({
  tagName,
  attribs: { ...attribs, disabled: "" },
});
const media = (tagName: string, attribs: sanitizeHtml.Attributes) => ({
  tagName,
  attribs: { ...attribs, controls: "", preload: "metadata" },
});

const TRANSFORMS: sanitizeHtml.Options["transformTags"] = {
  audio: media,
  button: disabled,
  input: disabled,
  select: disabled,
  video: media,
  ...Object.fromEntries(
    [...SVG_NAMES].map((name) => [
      name,
      (tagName: string, attribs: sanitizeHtml.Attributes) => ({ tagName, attribs: withinDrawing(attribs) }),
    ]),
  ),
};

const OPTIONS: sanitizeHtml.Options = {
  allowedTags: TAGS,
  allowedAttributes: ATTRIBUTES,
  allowedStyles: { "*": STYLES },
  allowedSchemes: SCHEMES,
  allowedSchemesByTag: Object.fromEntries(MEDIA.map((tag) => [tag, MEDIA_SCHEMES])),
  allowedSchemesAppliedToAttributes: ["href", "src", "xlink:href", "poster"],
  nonTextTags: [...ACTING, "style"],
};

/** A reference out of a drawing could load a file: only those to its own parts and to data stay. */
function withinDrawing(attribs: sanitizeHtml.Attributes): sanitizeHtml.Attributes {
  return Object.fromEntries(
    Object.entries(attribs).filter(([name, value]) =>
      /(?:^|:)href$/i.test(name)
        ? /^\s*(?:#|data:image\/)/i.test(value)
        : !/url\(|\\/i.test(value.replace(/url\(\s*["']?#/gi, "")),
    ),
  );
}

function linkOf(attribs: sanitizeHtml.Attributes, link?: Addresses["link"]): sanitizeHtml.Attributes {
  const linked = replaced(attribs, "href", link);
  // The page that is opened must have no hold on this one.
  return linked.target === undefined ? linked : { ...linked, rel: "noopener" };
}

function replaced(
  attribs: sanitizeHtml.Attributes,
  name: string,
  by?: (address: string) => string | undefined,
): sanitizeHtml.Attributes {
  const { [name]: value, ...others } = attribs;
  if (value === undefined || !by) return attribs;
  const address = by(value);
  return address === undefined ? others : { ...attribs, [name]: address };
}

const OWN_CLASS = "own-";

function withOwnClasses(attribs: sanitizeHtml.Attributes): sanitizeHtml.Attributes {
  if (attribs.class === undefined) return attribs;
  return { ...attribs, class: attribs.class.replace(/\S+/g, `${OWN_CLASS}$&`) };
}

/** The style sheets within some HTML, for what `scope` selects; empty when nothing of them is allowed. */
function scopedStyles(html: string, scope: string): string {
  return Array.from(html.matchAll(/<style\b[^>]*>([\s\S]*?)<\/style\s*>/gi), ([, css]) =>
    scopedStyle(css!, scope),
  ).join("");
}

function scopedStyle(css: string, scope: string): string {
  try {
    return postcss
      .parse(css)
      .nodes.flatMap((node) => (node.type === "rule" ? [scopedRule(node, scope)] : []))
      .join("");
  } catch {
    // Not CSS: nothing of it can be kept.
    return "";
  }
}

function scopedRule(rule: postcss.Rule, scope: string): string {
  // One that begins with a combinator would select what comes after the scope.
  const selectors = rule.selectors.filter((selector) => /^(?![>+~])[\w\s#.,:>+~*()[\]="'-]+$/.test(selector));
  const declarations = rule.nodes.flatMap((node) =>
    node.type === "decl" &&
    Object.hasOwn(STYLES, node.prop) &&
    STYLES[node.prop]!.some((pattern) => pattern.test(node.value))
      ? [`${node.prop}: ${node.value}${node.important ? " !important" : ""}`]
      : [],
  );
  if (selectors.length === 0 || declarations.length === 0) return "";
  const scoped = selectors.map((one) => `${scope} ${one.replace(/\.(?=[a-z_-])/gi, `.${OWN_CLASS}`)}`);
  return `${scoped.join(", ")} { ${declarations.join("; ")} }\n`;
}

/** Text after some HTML; if it is not read as text, the HTML ends within a tag, a comment or a script. */
const END = "the-end";

/**
 * Whether some HTML, which may be a part of a page, holds nothing that acts: only elements that are known to be
 * safe, without event handlers and with addresses of safe schemes. Attributes are otherwise free.
 */
export function isSafeHtml(html: string): boolean {
  const everything = sanitizeHtml(html + END, {
    allowedTags: false,
    allowedAttributes: false,
    allowedSchemesAppliedToAttributes: [],
    allowVulnerableTags: true,
    transformTags: { "*": (tagName, attribs) => ({ tagName, attribs: withoutHref(attribs) }) },
  });
  const safe = sanitizeHtml(html + END, {
    allowedTags: TAGS,
    allowedAttributes: false,
    allowedSchemesAppliedToAttributes: [],
    transformTags: {
      "*": (tagName, attribs) => ({ tagName, attribs: withoutHref(withoutActs(attribs)) }),
    },
  });
  return everything === safe && everything.replace(/(?:<\/[\w:]+>)*$/, "").endsWith(END);
}

/** The sanitiser judges `href` by its own rules in any case; under another name it is compared as it is. */
function withoutHref(attribs: sanitizeHtml.Attributes): sanitizeHtml.Attributes {
  return Object.fromEntries(
    Object.entries(attribs).map(([name, value]) => [
      /(?:^|:)href$/i.test(name) ? "data-address" : name,
      value,
    ]),
  );
}

function withoutActs(attribs: sanitizeHtml.Attributes): sanitizeHtml.Attributes {
  return Object.fromEntries(
    Object.entries(attribs).filter(
      ([name, value]) =>
        !/^on|^(?:srcdoc|srcset|formaction|action|ping|attributename)$/i.test(name) &&
        !isScriptAddress(value),
    ),
  );
}

/** Whether an address would run something: a script, or a page within the address. */
export function isScriptAddress(address: string): boolean {
  return /^(?:javascript|vbscript|data:(?!(?:image\/(?:png|gif|jpeg|webp|avif|bmp|svg\+xml)|audio\/|video\/)))/i.test(
    address.replace(/[\s\p{Cc}]/gu, ""),
  );
}

/** An SVG drawing without scripts, event handlers, foreign content and outside addresses. */
export function sanitizeSvg(svg: string): string {
  return sanitizeHtml(svg, {
    allowedTags: [...SVG_TAGS, "style"],
    allowedAttributes: false,
    allowVulnerableTags: true,
    nonTextTags: ["script", "foreignObject", "metadata"],
    transformTags: { "*": (tagName, attribs) => ({ tagName, attribs: withoutHandlers(attribs) }) },
    allowedSchemes: ["data"],
    allowedSchemesAppliedToAttributes: ["href", "xlink:href", "src"],
    allowProtocolRelative: false,
    parser: { lowerCaseTags: false, lowerCaseAttributeNames: false, xmlMode: true },
  });
}

/** Empty attributes go too: the sanitiser would write them without a value, which XML does not know. */
function withoutHandlers(attribs: sanitizeHtml.Attributes): sanitizeHtml.Attributes {
  return Object.fromEntries(
    Object.entries(attribs).filter(([name, value]) => value !== "" && !/^on/i.test(name)),
  );
}
