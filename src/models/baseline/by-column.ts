// Rules of thumb about items and visits, each one look at one column: what many meet, what was touched last, what sells.
import { throwIfAborted } from '../../core/errors.ts';
import { findColumn, numberColumn } from '../../core/frame.ts';
import { type Name, name } from '../../core/name.ts';
import type { Estimator, Model, Sample } from '../estimator.ts';
import { clampToRate } from '../link.ts';
import { unitWeights, weightedMean } from '../sample.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import { fromPredictions } from './prediction.ts';

const FORMAT = 1;
const BUCKETS = 50;
/** Rows of the overall mean mixed into each bucket, so that small ones say little. */
const PRIOR_ROWS = 10;

interface ByColumnState extends SavedState {
  /** Upper ends of all buckets but the last, rising. */
  readonly edges: readonly number[];
  /** Shrunken training mean of each bucket, then of rows without a value. */
  readonly values: readonly number[];
}

interface Rule {
  readonly id: string;
  readonly label: Name;
  readonly column: string;
}

/** The training mean of the bucket (fifty of equal count) the column's value falls into. */
function byColumn({ id, label, column }: Rule): Estimator {
  const modelOf = (state: ByColumnState): Model => ({
    ...fromPredictions(state.question, (frame) =>
      numberColumn(frame, column).values.map((value) => state.values[bucketOf(value, state.edges)]),
    ),
    estimator: id,
    inputs: [column],
    save: () => ({ estimator: id, format: FORMAT, state: asJson(state) }),
  });
  return {
    id,
    label,
    role: 'baseline',
    refuses(question, frame) {
      if (question.kind === 'classes')
        return 'it answers yes-or-no questions and amounts, the question has classes';
      return findColumn(frame, column)?.kind === 'number' ? undefined : `needs the number column "${column}"`;
    },
    async fit(train, _valid, run) {
      throwIfAborted(run.signal);
      const state = learn(train, column);
      run.progress.step({ task: id, done: 1, total: 1 });
      return modelOf(state);
    },
    load: (saved) => modelOf(readState<ByColumnState>(saved, id, FORMAT, ['edges', 'values'])),
  };
}

function learn(train: Sample, column: string): ByColumnState {
  const { values: looked } = numberColumn(train.frame, column);
  const edges = edgesOf(looked);
  const weight = unitWeights(train);
  const overall = weightedMean(train.target, weight);
  const sums = new Float64Array(edges.length + 2);
  const totals = new Float64Array(edges.length + 2);
  for (let row = 0; row < looked.length; row++) {
    const bucket = bucketOf(looked[row], edges);
    sums[bucket] += weight[row] * train.target[row];
    totals[bucket] += weight[row];
  }
  const values = Array.from(sums, (sum, bucket) => {
    const mean = (sum + PRIOR_ROWS * overall) / (totals[bucket] + PRIOR_ROWS);
    return train.question.kind === 'binary' ? clampToRate(mean, looked.length) : mean;
  });
  return { question: train.question, edges, values };
}

function edgesOf(looked: Float64Array): number[] {
  const known = looked.filter((value) => !Number.isNaN(value)).sort();
  const edges: number[] = [];
  for (let k = 1; k < BUCKETS && known.length > 0; k++) {
    const edge = known[Math.floor((k * known.length) / BUCKETS)];
    if (edge > (edges.at(-1) ?? known[0])) edges.push(edge);
  }
  return edges;
}

/** Bucket b holds [edges[b − 1], edges[b]); NaN goes to the one after the last. */
function bucketOf(value: number, edges: readonly number[]): number {
  if (Number.isNaN(value)) return edges.length + 1;
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value >= edges[middle]) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What everybody looks at. */
export const popularity = byColumn({
  id: 'popularity',
  label: name('By how many meet the product', '按商品热度'),
  column: 'item_visitors',
});

/** What was touched last is bought next. */
export const lastTouched = byColumn({
  id: 'last-touched',
  label: name('By when the product was last touched', '按最近接触时间'),
  column: 'pair_days_since_touched',
});

/** What is bought by many of those who meet it. */
export const itemRate = byColumn({
  id: 'item-rate',
  label: name('By the product’s own conversion', '按商品自身转化率'),
  column: 'item_conversion',
});

/** The further a visit has come, the likelier it ends in a purchase. */
export const visitLength = byColumn({
  id: 'visit-length',
  label: name('By how long the visit is', '按访问步数'),
  column: 'visit_events',
});
