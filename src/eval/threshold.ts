// The probability from which we say yes: chosen on calibration data, stated beside every F1 and accuracy.
import { rankRows } from './metrics/order.ts';
import { checkProbabilities, type Predictions } from './metrics/predictions.ts';

export type ThresholdGoal = 'f1' | 'accuracy';

/**
 * The threshold that is best on these examples; calibration data, never test data.
 *
 * It stands halfway between two neighbouring predictions; of equally good ones the highest wins. Rows tied in their
 * prediction are called alike. Without positives it is 1.
 *
 * @throws AppError BAD_DATA as `checkProbabilities`
 */
export function chooseThreshold(rows: Predictions, goal: ThresholdGoal = 'f1'): number {
  checkProbabilities(rows);
  const { actual, predicted } = rows;
  const { order, ends } = rankRows(predicted);
  const positives = actual.reduce((sum, value) => sum + value, 0);
  const negatives = actual.length - positives;
  let best = goal === 'accuracy' ? negatives : 0;
  let threshold = 1;
  let hits = 0;
  let start = 0;
  for (const end of ends) {
    for (let i = start; i < end; i++) hits += actual[order[i]];
    const score = goal === 'f1' ? (2 * hits) / (end + positives) : hits + negatives - (end - hits);
    if (score > best) {
      best = score;
      const last = predicted[order[end - 1]];
      threshold = end < order.length ? (last + predicted[order[end]]) / 2 : last;
    }
    start = end;
  }
  return threshold;
}
