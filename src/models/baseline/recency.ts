// "It depends on how long they have been away": the training outcome by buckets of days since the last purchase.
import { throwIfAborted } from '../../core/errors.ts';
import { findColumn, numberColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import type { Estimator, Model } from '../estimator.ts';
import { clampToRate } from '../link.ts';
import { unitWeights, weightedMean } from '../sample.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import { fromPredictions } from './prediction.ts';

const ID = 'recency';
const FORMAT = 1;
const COLUMN = 'days_since_purchase';
/** Ten buckets: the deciles everyone in the trade draws. */
const BUCKETS = 10;

interface RecencyState extends SavedState {
  /** Upper ends of all buckets but the last, rising; days. */
  readonly edges: readonly number[];
  /** Rate or mean per bucket, then of those who never bought. */
  readonly values: readonly number[];
}

/** The training rate or mean of the customer's recency bucket; those who never bought have a bucket of their own. */
export const recency: Estimator = {
  id: ID,
  label: name('By days since last purchase', '按距上次购买天数'),
  role: 'baseline',
  refuses(question, frame) {
    if (question.kind === 'classes')
      return 'it answers yes-or-no questions and amounts, the question has classes';
    return findColumn(frame, COLUMN)?.kind === 'number' ? undefined : `needs the number column "${COLUMN}"`;
  },
  async fit(train, _valid, run) {
    throwIfAborted(run.signal);
    const days = numberColumn(train.frame, COLUMN).values;
    const edges = decileEdges(days);
    const weight = unitWeights(train);
    const overall = weightedMean(train.target, weight);
    const sums = new Float64Array(edges.length + 2);
    const totals = new Float64Array(edges.length + 2);
    for (let i = 0; i < days.length; i++) {
      const bucket = bucketOf(days[i], edges);
      sums[bucket] += weight[i] * train.target[i];
      totals[bucket] += weight[i];
    }
    const values = Array.from(sums, (sum, bucket) => {
      const value = (sum + overall) / (totals[bucket] + 1);
      return train.question.kind === 'binary' ? clampToRate(value, days.length) : value;
    });
    run.progress.step({ task: ID, done: 1, total: 1 });
    return recencyModel({ question: train.question, edges, values });
  },
  load: (saved) => recencyModel(readState<RecencyState>(saved, ID, FORMAT, ['edges', 'values'])),
};

function decileEdges(days: Float64Array): number[] {
  const known = days.filter((value) => Number.isFinite(value)).sort();
  const edges: number[] = [];
  for (let k = 1; k < BUCKETS && known.length > 0; k++) {
    const edge = known[Math.floor((k * known.length) / BUCKETS)];
    if (edge > (edges.at(-1) ?? known[0])) edges.push(edge);
  }
  return edges;
}

/** Bucket b holds [edges[b − 1], edges[b]); NaN goes to the one after the last. */
function bucketOf(days: number, edges: readonly number[]): number {
  if (Number.isNaN(days)) return edges.length + 1;
  let bucket = 0;
  while (bucket < edges.length && days >= edges[bucket]) bucket++;
  return bucket;
}

function recencyModel(state: RecencyState): Model {
  const { question, edges, values } = state;
  return {
    ...fromPredictions(question, (frame) =>
      numberColumn(frame, COLUMN).values.map((days) => values[bucketOf(days, edges)]),
    ),
    estimator: ID,
    inputs: [COLUMN],
    save: () => ({ estimator: ID, format: FORMAT, state: asJson(state) }),
  };
}
