/** What may differ between two runs without counting. */
export const normalizers = ["durations", "addresses", "paths", "ids", "dates"] as const;
export type Normalizer = (typeof normalizers)[number];

export interface CompareOptions {
  /** What to take for equal in text: durations with their unit, memory addresses, absolute paths, ids, dates. Default none. */
  normalize?: readonly Normalizer[];
  /** Numbers count as equal when they differ by at most this share of the larger one. Default 0. */
  tolerance?: number;
  /** `hash` compares the bytes of images; otherwise only that there is one of that kind. Default `kind`. */
  images?: "kind" | "hash";
}
