// Is one recommender better than another: the difference on the same cases, with its interval.
import { invariant } from '../../core/errors.ts';
import { type BootstrapOptions, intervalOf } from '../bootstrap.ts';
import { type RankMetricName, rankMetricOf, type Score } from '../score.ts';
import { drawnEntities } from './drawn-entities.ts';
import { gainsOf } from './score-ranks.ts';

export interface RankComparison extends BootstrapOptions {
  readonly metric: RankMetricName;
  /** Whom each case belongs to, [cases]. */
  readonly entities: readonly string[];
  /** 1 where a case counts, [cases]; all when absent. */
  readonly keep?: Uint8Array;
}

/**
 * `first − second`, entities drawn with replacement and both measured on each draw.
 *
 * @param first places from 1, ∞ for never found, [cases]; `second` those of the same cases
 * @throws AppError NOT_ENOUGH_DATA with fewer than two entities
 */
export function compareRanks(
  first: Float64Array,
  second: Float64Array,
  { metric, entities, keep, ...options }: RankComparison,
): Score {
  const parts = rankMetricOf(metric);
  invariant(parts && first.length === second.length, 'a rank metric of the same cases is compared');
  const kept = (_: unknown, row: number) => keep === undefined || keep[row] === 1;
  const other = gainsOf(second.filter(kept), parts.kind, parts.k);
  const drawn = drawnEntities(entities.filter(kept), options);
  const gap = drawn.meanOf(
    gainsOf(first.filter(kept), parts.kind, parts.k).map((gain, row) => gain - other[row]),
  );
  const [draws] = drawn.resample([gap]);
  return intervalOf(drawn.onSample(gap), draws, { level: options.level });
}
