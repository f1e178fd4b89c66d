// Metrics of full rankings: where the wanted items stand when every candidate is scored, ties counted against us.
import { AppError } from '../../core/errors.ts';
import { type BootstrapOptions, clustersOf, intervalOf, onSample, resample } from '../bootstrap.ts';
import { type MetricName, RANK_METRIC_KINDS, type RankMetricKind, type Scores } from '../score.ts';
import { meanOf } from './binary.ts';
import { checkLength } from './predictions.ts';

/** One ranking to judge: the places, from 1 and rising, at which its wanted items stand. */
export interface RankedCase {
  readonly entity: string;
  readonly ranks: readonly number[];
}

/**
 * Places of the wanted items among all candidates, from 1, rising.
 *
 * An unwanted item with the same score stands before a wanted one. A score that is not a number stands last.
 *
 * @param scores   [items]
 * @param wanted   indices into `scores`, each once
 * @param excluded 1 = not a candidate, [items]; a wanted item is always one
 * @throws AppError SHAPE when an index is outside the items or `excluded` has another length
 */
export function ranksOf(
  scores: ArrayLike<number>,
  wanted: readonly number[],
  excluded?: ArrayLike<number>,
): readonly number[] {
  if (excluded) checkLength('exclusions', excluded, scores.length);
  const own = new Set(wanted);
  for (const item of own) {
    if (!(item >= 0 && item < scores.length))
      throw new AppError('SHAPE', `expected wanted items among ${scores.length} scores, got index ${item}`);
  }
  const scoreOf = (item: number) => (Number.isNaN(scores[item]) ? Number.NEGATIVE_INFINITY : scores[item]);
  const values = [...own].map(scoreOf).sort((a, b) => b - a);
  const before = new Array<number>(values.length).fill(0);
  for (let item = 0; item < scores.length; item++) {
    if (excluded?.[item] || own.has(item)) continue;
    const value = scoreOf(item);
    for (let t = values.length - 1; t >= 0 && value >= values[t]; t--) before[t]++;
  }
  return before.map((count, t) => count + t + 1);
}

const RANK_METRICS = {
  /** Share of the wanted items among the first k. */
  recall: (ranks: readonly number[], k: number) => ranks.filter((rank) => rank <= k).length / ranks.length,
  /** Σ 1/log₂(1 + rank) over wanted items among the first k, over the best such sum. */
  ndcg: (ranks: readonly number[], k: number) => {
    let gain = 0;
    let best = 0;
    ranks.forEach((rank, i) => {
      if (rank <= k) gain += 1 / Math.log2(1 + rank);
      if (i < k) best += 1 / Math.log2(2 + i);
    });
    return gain / best;
  },
  /** 1 / rank of the first wanted item, 0 when it stands below k. */
  mrr: (ranks: readonly number[], k: number) => (ranks[0] <= k ? 1 / ranks[0] : 0),
} as const satisfies Record<RankMetricKind, unknown>;

/** One metric of one case. @param ranks rising, at least one */
export const rankMetric = (metric: RankMetricKind, ranks: readonly number[], k: number): number =>
  RANK_METRICS[metric](ranks, k);

/** Places down to which rankings are read unless the caller says otherwise. */
export const CUT_OFFS: readonly number[] = [5, 10, 20];

export interface RankScoreOptions extends BootstrapOptions {
  /** Places down to which rankings are read; `CUT_OFFS` when absent. */
  readonly at?: readonly number[];
}

/**
 * recall, ndcg and mrr at each cut-off, means over cases, intervals by entity.
 *
 * @throws AppError NOT_ENOUGH_DATA without cases or with one entity, BAD_DATA for a case without wanted items
 */
export function scoreRanking(cases: readonly RankedCase[], options: RankScoreOptions): Scores {
  const empty = cases.filter(({ ranks }) => ranks.length === 0).length;
  if (empty > 0)
    throw new AppError(
      'BAD_DATA',
      `expected a wanted item in every ranking, got none in ${empty} of ${cases.length}`,
    );
  const names = RANK_METRIC_KINDS.flatMap((metric) =>
    (options.at ?? CUT_OFFS).map((k) => ({ metric, k, name: `${metric}@${k}` satisfies MetricName })),
  );
  const measures = names.map(({ metric, k }) =>
    meanOf(Float64Array.from(cases, ({ ranks }) => rankMetric(metric, ranks, k))),
  );
  const draws = resample(measures, clustersOf(cases.map(({ entity }) => entity)), options);
  return Object.fromEntries(
    names.map(({ name }, i) => [
      name,
      intervalOf(onSample(measures[i], cases.length), draws[i], { level: options.level }),
    ]),
  );
}
