/** How tasks end unless well, and what says so: in a picture, and in characters. */
export const endings = [
  { how: "failed", shape: "M-1,-1L1,1M1,-1L-1,1", name: "cross", sign: "✗" },
  { how: "stopped", shape: "M-1,-1H1V1H-1Z", name: "square", sign: "□" },
] as const;

export type Ending = (typeof endings)[number];
