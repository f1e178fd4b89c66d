// Two contestants on the same tests: the mean difference over the splits, with an interval by group.
import { takeNumbers } from '../../src/core/frame.ts';
import { random } from '../../src/core/random.ts';
import { clustersOf, defaultDraws, intervalOf } from '../../src/eval/bootstrap.ts';
import { ROW_METRICS, type RowMetricName } from '../../src/eval/metrics/metric.ts';
import type { Score } from '../../src/eval/score.ts';
import type { TableSet } from './table-set.ts';

/** What a contestant said about the tests, test after test in the order of the splits. */
export type Said = Float64Array;

/** Mean over the splits of one metric, with its 95 % interval by group. */
export const meanScore = (set: TableSet, said: Said, metric: RowMetricName, seed = 1): Score =>
  measured(set, [said], metric, seed)[0];

/** First − second, on the same draws of groups: below zero the first is better where less is better. */
export const meanDifference = (
  set: TableSet,
  [first, second]: readonly [Said, Said],
  metric: RowMetricName,
  seed = 1,
): Score => measured(set, [first, second], metric, seed)[1];

/** Scores of the contestants' mean over splits; the second entry is the first contestant less the second. */
function measured(set: TableSet, contestants: readonly Said[], metric: RowMetricName, seed: number): Score[] {
  const { entities, target } = set.sample;
  const { cluster, count } = clustersOf(entities);
  let from = 0;
  const parts = set.splits.map(({ test }) => {
    const actual = takeNumbers(target, test);
    const measures = contestants.map((said) =>
      ROW_METRICS[metric].prepare({ actual, predicted: said.slice(from, from + test.length) }),
    );
    from += test.length;
    return { test, measures, weight: new Float64Array(test.length) };
  });
  const onDraw = (times: Float64Array): number[] => {
    const sums = contestants.map(() => 0);
    for (const { test, measures, weight } of parts) {
      for (let i = 0; i < weight.length; i++) weight[i] = times[cluster[test[i]]];
      measures.forEach((measure, k) => {
        sums[k] += measure(weight) / parts.length;
      });
    }
    return sums;
  };
  const values = onDraw(new Float64Array(count).fill(1));
  const stream = random(seed).fork('tables');
  const rounds = defaultDraws(from);
  const draws = contestants.map(() => new Float64Array(rounds));
  const times = new Float64Array(count);
  for (let draw = 0; draw < rounds; draw++) {
    times.fill(0);
    for (let i = 0; i < count; i++) times[stream.integer(count)]++;
    onDraw(times).forEach((value, k) => {
      draws[k][draw] = value;
    });
  }
  const scores = [intervalOf(values[0], draws[0])];
  if (contestants.length > 1) {
    scores.push(
      intervalOf(
        values[0] - values[1],
        draws[0].map((value, draw) => value - draws[1][draw]),
      ),
    );
  }
  return scores;
}
