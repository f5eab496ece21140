/** The part of sanitize-html that this room uses; its own types would load into every kernel. */
declare module "sanitize-html" {
  namespace sanitizeHtml {
    type Attributes = Record<string, string>;
    interface Tag {
      tagName: string;
      attribs: Attributes;
    }
    interface Options {
      allowedTags?: false | readonly string[];
      allowedAttributes?: false | Record<string, readonly string[]>;
      allowedClasses?: Record<string, readonly string[]>;
      allowedStyles?: Record<string, Record<string, readonly RegExp[]>>;
      allowedSchemes?: readonly string[];
      allowedSchemesByTag?: Record<string, readonly string[]>;
      allowedSchemesAppliedToAttributes?: readonly string[];
      allowProtocolRelative?: boolean;
      allowVulnerableTags?: boolean;
      nonTextTags?: readonly string[];
      onOpenTag?: (name: string, attribs: Attributes) => void;
      transformTags?: Record<string, (tagName: string, attribs: Attributes) => Tag>;
      parser?: { lowerCaseTags?: boolean; lowerCaseAttributeNames?: boolean; xmlMode?: boolean };
    }
  }
  function sanitizeHtml(dirty: string, options?: sanitizeHtml.Options): string;
  export = sanitizeHtml;
}
