// Which interval of an amount to show: by prediction alone, or the model's own band made to keep its promise.
import { takeNumbers } from '../core/frame.ts';
import { hash32 } from '../core/random.ts';
import { clustersOf } from './bootstrap.ts';
import {
  type AmountInterval,
  applyAmountInterval,
  type CalibrationAmounts,
  fitAmountInterval,
  takeCalibration,
} from './conformal.ts';
import { fitConformalQuantile, type QuantileBand, type Sides } from './conformal-quantile.ts';
import { checkFinite, checkLength } from './metrics/predictions.ts';
import { meanLoss, withinNoise } from './within-noise.ts';

export interface BandedAmounts extends CalibrationAmounts {
  /** What the model said of its quantiles, of rows it did not learn from; absent for models that do not. */
  readonly band?: QuantileBand;
}

export type IntervalCandidate = 'prediction' | `band, ${Sides}`;

export interface IntervalChoice {
  /** Absent with fewer than 1/(1 − level) rows: no finite interval is valid. */
  readonly interval?: AmountInterval;
  /** Mean interval score of each way on customers it was not fitted on, simplest first; empty without a choice. */
  readonly trials: readonly { readonly candidate: IntervalCandidate; readonly score: number }[];
}

/** With fewer there is nothing to choose by. */
const LEAST_ROWS = 200;

/**
 * Chooses by interval score over folds of customers, then fits the winner on everything.
 *
 * The interval by prediction alone stays while its score is within one standard error (by customer, paired) of the best.
 */
export function chooseAmountInterval(
  rows: BandedAmounts,
  options: { level?: number; seed: number; folds?: number },
): IntervalChoice {
  const { entities, actual, band } = rows;
  const level = options.level ?? 0.9;
  const plain = () => fitAmountInterval(rows, { ...options, level });
  if (!band || actual.length < LEAST_ROWS) return { interval: plain(), trials: [] };
  checkLength('lower quantiles', band.low, actual.length);
  checkLength('upper quantiles', band.high, actual.length);
  checkFinite('lower quantiles', band.low);
  checkFinite('upper quantiles', band.high);
  const folds = options.folds ?? 5;
  const salt = hash32(`interval folds ${options.seed}`);
  const fold = entities.map((entity) => hash32(entity, salt) % folds);
  const fits: Readonly<Record<IntervalCandidate, (own: BandedAmounts) => AmountInterval | undefined>> = {
    prediction: (own) => fitAmountInterval(own, { level, seed: options.seed }),
    'band, both': (own) => fitBand(own, level, 'both'),
    'band, each': (own) => fitBand(own, level, 'each'),
  };
  const tried = (Object.keys(fits) as IntervalCandidate[]).flatMap((candidate) => {
    const loss = heldOutScores(rows, fold, { level, learn: fits[candidate] });
    return loss ? [{ candidate, loss, score: meanLoss(loss) }] : [];
  });
  if (tried.length === 0) return { interval: plain(), trials: [] };
  const best = tried.reduce((winner, each) => (each.score < winner.score ? each : winner));
  const clusters = clustersOf(entities);
  const chosen = tried.find(({ loss }) => withinNoise(loss, best.loss, clusters)) ?? best;
  return {
    interval: fits[chosen.candidate](rows),
    trials: tried.map(({ candidate, score }) => ({ candidate, score })),
  };
}

function fitBand(own: BandedAmounts, level: number, sides: Sides): AmountInterval | undefined {
  if (!own.band || own.actual.length < Math.ceil(1 / (1 - level))) return undefined;
  return fitConformalQuantile({ ...own, band: own.band }, { level, sides });
}

/** @returns undefined where a fold has too few rows outside it */
function heldOutScores(
  rows: BandedAmounts,
  fold: readonly number[],
  { level, learn }: { level: number; learn: (own: BandedAmounts) => AmountInterval | undefined },
): Float64Array | undefined {
  const scores = new Float64Array(fold.length);
  for (const held of new Set(fold)) {
    const inside = fold.flatMap((f, i) => (f === held ? [i] : []));
    const outside = fold.flatMap((f, i) => (f === held ? [] : [i]));
    const interval = outside.length > 0 ? learn(takeBanded(rows, outside)) : undefined;
    if (!interval) return undefined;
    const own = takeBanded(rows, inside);
    const ends = applyAmountInterval(interval, own.predicted, own.band);
    intervalScores(own.actual, ends, level).forEach((score, i) => {
      scores[inside[i]] = score;
    });
  }
  return scores;
}

function takeBanded(rows: BandedAmounts, indices: readonly number[]): BandedAmounts {
  const { band } = rows;
  return {
    ...takeCalibration(rows, indices),
    ...(band && { band: { low: takeNumbers(band.low, indices), high: takeNumbers(band.high, indices) } }),
  };
}

/**
 * Width plus 2/(1 − level) times the distance of what falls outside, [rows]: least in expectation at the true quantiles.
 *
 * @see Winkler 1972; Gneiting and Raftery 2007, eq. 43
 */
export function intervalScores(
  actual: Float64Array,
  { low, high }: QuantileBand,
  level: number,
): Float64Array {
  const fine = 2 / (1 - level);
  return actual.map(
    (value, i) => high[i] - low[i] + fine * (Math.max(0, low[i] - value) + Math.max(0, value - high[i])),
  );
}
