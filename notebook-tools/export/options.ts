import type { MimeBundle } from "../nbformat/browser";
import type { FindImage, FindLink } from "./addresses";
import type { Labels } from "./labels";
import type { Heading } from "./markdown-html";
import type { ExportSelection } from "./visibility";

/** What is known of a notebook beside its content, and what of it is wanted. */
export interface ExportOptions extends ExportSelection {
  /** The notebook's path; gives the title without a heading, and the language where a folder names one. */
  path?: string;
  /** The language of the prose (BCP 47); without it the metadata's `lang`, the path's, or English. */
  lang?: string;
  /** The title; without it the metadata's `title`, the first heading, or the file's name. */
  title?: string;
  /**
   * Gives the `data:` address of an image that the notebook names by a relative path, so that it
   * comes with the page; without it, or when it finds none, the path stays.
   */
  findImage?: FindImage;
  /** Gives the address, seen from the page, of a file that the notebook names by a relative path. */
  findLink?: FindLink;
  /** Names a chart that is shown as a picture, by its mimebundle; its figure gets the name as `data-chart`. */
  nameChart?: (data: MimeBundle) => string | undefined;
}

/** What the cells of a page share. */
export interface PageContext extends ExportOptions {
  labels: Labels;
  /** The language of the code. */
  language: string;
  /** The headings so far. */
  headings: Heading[];
}
