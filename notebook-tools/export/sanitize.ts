import sanitizeHtml = require("sanitize-html");

const TAGS = (
  "a abbr b bdi bdo blockquote br caption center cite code col colgroup dd del details dfn div dl dt em " +
  "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span " +
  "strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr"
).split(" ");

// Values are words, numbers and colours: nothing that could load a file or leave its place.
const VALUE = [/^[\w\s.,%#+-]+$/, /^(?:rgb|rgba|hsl|hsla)\([\d\s.,%/]+\)$/];
const STYLES = Object.fromEntries(
  (
    "background-color border border-bottom border-collapse border-color border-left border-radius border-right " +
    "border-style border-top border-width color font-family font-size font-style font-weight height line-height " +
    "margin margin-bottom margin-left margin-right margin-top max-width min-width padding padding-bottom " +
    "padding-left padding-right padding-top text-align text-decoration vertical-align white-space width"
  )
    .split(" ")
    .map((property) => [property, VALUE]),
);

const ATTRIBUTES = {
  "*": ["align", "aria-hidden", "aria-label", "class", "dir", "id", "lang", "role", "style", "title"],
  a: ["href", "name", "tabindex"],
  code: ["tabindex"],
  col: ["span", "width"],
  colgroup: ["span", "width"],
  details: ["open"],
  img: ["alt", "height", "loading", "src", "width"],
  li: ["value"],
  ol: ["reversed", "start", "type"],
  pre: ["tabindex"],
  table: ["border"],
  td: ["colspan", "headers", "rowspan", "valign"],
  th: ["abbr", "colspan", "headers", "rowspan", "scope", "valign"],
  time: ["datetime"],
};

const SCHEMES = ["http", "https", "mailto", "ftp"];

/** What becomes of the addresses in sanitised HTML. */
export interface Addresses {
  link?: (href: string) => string;
  image?: (src: string) => string;
}

/**
 * HTML without anything that acts: scripts, event handlers, `javascript:` addresses, forms, frames
 * and style sheets are left out, and so is every element or attribute that is not known to be harmless.
 */
export function sanitize(html: string, { link = same, image = same }: Addresses = {}): string {
  return sanitizeHtml(html, {
    allowedTags: TAGS,
    allowedAttributes: ATTRIBUTES,
    // Other classes could borrow the looks of the page's own parts.
    allowedClasses: { "*": ["anchor", "hljs-*", "language-*"] },
    allowedStyles: { "*": STYLES },
    allowedSchemes: SCHEMES,
    allowedSchemesByTag: { img: ["http", "https", "data"] },
    transformTags: {
      a: (tagName, attribs) => ({ tagName, attribs: replaced(attribs, "href", link) }),
      img: (tagName, attribs) => ({ tagName, attribs: { alt: "", ...replaced(attribs, "src", image) } }),
    },
  });
}

function same(address: string): string {
  return address;
}

function replaced(attribs: sanitizeHtml.Attributes, name: string, by: (address: string) => string) {
  const value = attribs[name];
  return value === undefined ? attribs : { ...attribs, [name]: by(value) };
}

/** Text after some HTML; if it is not read as text, the HTML ends within a tag, a comment or a script. */
const END = "the-end";

/** Whether some HTML, which may be a part of a page, holds nothing that `sanitize` would leave out for acting. */
export function isSafeHtml(html: string): boolean {
  const everything = sanitizeHtml(html + END, {
    allowedTags: false,
    allowedAttributes: false,
    allowedSchemesAppliedToAttributes: [],
    allowVulnerableTags: true,
  });
  const harmless = sanitizeHtml(html + END, {
    allowedTags: TAGS,
    allowedAttributes: ATTRIBUTES,
    allowedSchemes: SCHEMES,
    allowedSchemesByTag: { img: [...SCHEMES, "data", "attachment"] },
  });
  return everything === harmless && everything.replace(/(?:<\/\w+>)*$/, "").endsWith(END);
}

const SVG_TAGS = (
  "circle clipPath defs desc ellipse feBlend feColorMatrix feComponentTransfer feComposite feFlood feFuncA " +
  "feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset filter g image line " +
  "linearGradient marker mask metadata path pattern polygon polyline radialGradient rect stop style svg switch " +
  "symbol text textPath title tspan use view"
).split(" ");

/** An SVG drawing without scripts, event handlers, foreign content and outside addresses. */
export function sanitizeSvg(svg: string): string {
  return sanitizeHtml(svg, {
    allowedTags: SVG_TAGS,
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
