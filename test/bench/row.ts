/** One line of the benchmark: what we take, what a peer takes in the same run, and what we aim at. */
export interface Row {
  name: string;
  ours: number;
  /** null where there is no peer, or none on this machine. */
  peer: number | null;
  unit: string;
  /** ours / peer; null without a peer. */
  ratio: number | null;
  /** In words, e.g. "at most 1.25 ×". */
  goal: string;
  higherIsBetter: boolean;
}
