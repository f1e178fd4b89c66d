// Rows of equal score counted as one: what calibration by order alone starts from.

/** By rising score, [groups] each. */
export interface EqualScores {
  readonly score: readonly number[];
  readonly rows: readonly number[];
  /** Rows with outcome 1. */
  readonly ones: readonly number[];
}

/** @param actual outcomes 0 or 1, [rows] */
export function groupEqualScores(predicted: Float64Array, actual: Float64Array): EqualScores {
  const order = Uint32Array.from(predicted, (_, i) => i).sort((a, b) => predicted[a] - predicted[b]);
  const score: number[] = [];
  const rows: number[] = [];
  const ones: number[] = [];
  for (const row of order) {
    if (score.length === 0 || predicted[row] !== score[score.length - 1]) {
      score.push(predicted[row]);
      rows.push(0);
      ones.push(0);
    }
    rows[rows.length - 1]++;
    ones[ones.length - 1] += actual[row];
  }
  return { score, rows, ones };
}
