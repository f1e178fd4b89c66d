// How good the lists were: how often what people met or bought next stood in them, beside a list of what is popular.
import { clustersOf, intervalOf, onSample, resample } from '../../eval/bootstrap.ts';
import type { Measure } from '../../eval/metrics/predictions.ts';
import type { Score } from '../../eval/score.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ListOutcomes } from './list-outcomes.ts';
import type { ListRecord } from './prediction-record.ts';

/** Down to which place lists are read. */
export const LIST_PLACES = [1, 5, 10] as const;

/** `next`: the item met first after the list. `bought`: any item bought within the horizon. */
export type ListOutcome = 'next' | 'bought';

export interface HitRate {
  readonly outcome: ListOutcome;
  /** Only of lists at least so long. */
  readonly places: number;
  /** Lists after which such an outcome came. */
  readonly lists: number;
  readonly users: number;
  /** Share of them in whose first places one of its items stood. */
  readonly hit: Score;
  /** The same of what was popular. */
  readonly popular: Score;
  /** Hit less popular, of the same people. */
  readonly gain: Score;
}

export interface ListQuality {
  readonly modelVersion: string;
  /** Lists of one person and day count once. */
  readonly lists: number;
  readonly users: number;
  /** First and last `as_of`, UTC ms. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly rates: readonly HitRate[];
}

/** Fewer customers than this say nothing. */
const LEAST_USERS = 30;

/** One entry a model version whose lists enough customers did something after. */
export function listQuality(
  lists: readonly ListRecord[],
  outcomes: ListOutcomes,
  { seed }: { readonly seed: number },
): readonly ListQuality[] {
  const versions = new Map<string, number[]>();
  lists.forEach(({ model_version }, n) => {
    const rows = versions.get(model_version);
    if (rows) rows.push(n);
    else versions.set(model_version, [n]);
  });
  return [...versions].flatMap(([modelVersion, rows]) => {
    const rates = (['next', 'bought'] as const).flatMap((outcome) =>
      LIST_PLACES.flatMap((places) => rateOf(lists, outcomes, { outcome, places, rows, seed })),
    );
    if (rates.length === 0) return [];
    const moments = rows.map((n) => lists[n].as_of);
    return [
      {
        ...{ modelVersion, lists: rows.length, rates },
        users: new Set(rows.map((n) => lists[n].user_id)).size,
        fromMs: moments.reduce((least, ms) => Math.min(least, ms), Infinity),
        toMs: moments.reduce((most, ms) => Math.max(most, ms), -Infinity),
      },
    ];
  });
}

interface RateAsked {
  readonly outcome: ListOutcome;
  readonly places: number;
  readonly rows: readonly number[];
  readonly seed: number;
}

function rateOf(
  lists: readonly ListRecord[],
  outcomes: ListOutcomes,
  { outcome, places, rows, seed }: RateAsked,
): readonly HitRate[] {
  const own = rows.filter((n) => lists[n].items.length >= places && outcomes[outcome][n].length > 0);
  const entities = own.map((n) => lists[n].user_id);
  const users = new Set(entities).size;
  if (users < LEAST_USERS) return [];
  const hits = (itemsOf: (n: number) => readonly string[]): Float64Array =>
    Float64Array.from(own, (n) => {
      const first = new Set(itemsOf(n).slice(0, places));
      return outcomes[outcome][n].some((item) => first.has(item)) ? 1 : 0;
    });
  const hit = hits((n) => lists[n].items);
  const popular = hits((n) => outcomes.popular[n]);
  const measures = [hit, popular, hit.map((value, i) => value - popular[i])].map(meanOf);
  const drawn = resample(measures, clustersOf(entities), { seed });
  const scores = measures.map((measure, m) => intervalOf(onSample(measure, own.length), drawn[m]));
  return [{ outcome, places, lists: own.length, users, hit: scores[0], popular: scores[1], gain: scores[2] }];
}

const meanOf =
  (values: Float64Array): Measure =>
  (weight) => {
    let sum = 0;
    let total = 0;
    for (let i = 0; i < values.length; i++) {
      sum += weight[i] * values[i];
      total += weight[i];
    }
    return sum / total;
  };

/** Shows the rates among the server's figures: `hit_rate@10`, `hit_rate@10.popular`, `hit_rate@10.gain`; of what was bought `bought_rate@10`. */
export function showListQuality(
  metrics: Metrics,
  { workspace, task }: { readonly workspace: string; readonly task: string },
  found: readonly ListQuality[],
): void {
  for (const { modelVersion, lists, rates } of found) {
    const labels = {
      'foresell.workspace': workspace,
      'foresell.task': task,
      'foresell.model.version': modelVersion,
    };
    metrics.record('foresell.quality.examples', lists, labels);
    for (const { outcome, places, hit, popular, gain } of rates) {
      const name = `${outcome === 'next' ? 'hit' : 'bought'}_rate@${places}`;
      for (const [metric, { value, low, high }] of [
        [name, hit],
        [`${name}.popular`, popular],
        [`${name}.gain`, gain],
      ] as const) {
        const own = { ...labels, 'foresell.metric': metric };
        metrics.record('foresell.quality.value', value, own);
        metrics.record('foresell.quality.low', low, own);
        metrics.record('foresell.quality.high', high, own);
      }
    }
  }
}
