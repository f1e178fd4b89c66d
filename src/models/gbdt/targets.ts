// What of a question the trees are boosted towards: which loss, in which unit, and which total must be met.
import { AppError } from '../../core/errors.ts';
import type { Sample } from '../estimator.ts';
import { unitWeights, weightedMean } from '../sample.ts';
import type { Examples } from './objectives/objective.ts';
import type { GbdtSettings, LossName } from './settings.ts';

/** Refunds up to this share of the money that came in count as zero while trees take shape. */
const REFUND_SHARE = 0.05;
/** With so many zeros an amount is "whether" as much as "how much". */
const ZERO_SHARE = 0.1;

const AMOUNT_LOSSES: readonly LossName[] = ['squared', 'absolute', 'huber', 'quantile', 'poisson', 'tweedie'];
/** Losses on the log scale: no target below zero, and something above. */
const LOG_LOSSES: readonly LossName[] = ['poisson', 'tweedie'];

/**
 * The loss of a question nobody named one for. Yes or no: logistic; classes: softmax. Amounts: tweedie when next to nothing
 * is below zero and they look like money, a tenth of them zero or their standard deviation above their mean (the tail of an
 * exponential), because effects on such amounts multiply and large ones vary more; squared otherwise.
 */
export function chooseLoss({ question, target }: Sample): LossName {
  if (question.kind === 'binary') return 'logistic';
  if (question.kind === 'classes') return 'softmax';
  let [zeros, above, below, squares] = [0, 0, 0, 0];
  for (const y of target) {
    if (y <= 0) zeros++;
    if (y > 0) above += y;
    else below -= y;
    squares += y * y;
  }
  if (above === 0 || below > REFUND_SHARE * above) return 'squared';
  const mean = above / target.length;
  const variance = squares / target.length - mean * mean;
  return zeros >= ZERO_SHARE * target.length || variance >= mean * mean ? 'tweedie' : 'squared';
}

/** Targets as the trees see them. */
export interface Aim {
  readonly loss: LossName;
  /** Targets over `scale`, and weights of mean one times those of their class. */
  readonly examples: Examples;
  /** So that pence and pounds give the same trees: the ridge speaks of rows, not of money. */
  readonly scale: number;
  /** The weighted mean a forest on the log scale is brought to; refunds included. */
  readonly mean: number;
}

/** @throws AppError USAGE for a loss that does not fit the question, BAD_DATA and NOT_ENOUGH_DATA for targets it cannot have */
export function aimOf(sample: Sample, settings: GbdtSettings): Aim {
  const loss = settings.loss ?? chooseLoss(sample);
  checkLoss(sample, loss, settings.loss !== undefined);
  const onLog = LOG_LOSSES.includes(loss);
  const plain = unitWeights(sample);
  const own = onLog ? sample.target.map((y) => Math.max(0, y)) : sample.target;
  const scale = scaleOf(loss, own, plain);
  const examples = {
    target: scale === 1 ? own : own.map((y) => y / scale),
    weight: classWeighted(sample, plain, settings.classWeights),
  };
  return { loss, examples, scale, mean: weightedMean(sample.target, plain) };
}

/** Examples watched beside those an aim was made from. */
export const sameAim = (sample: Sample, { loss, scale }: Aim, settings: GbdtSettings): Examples => ({
  target: sample.target.map((y) => (LOG_LOSSES.includes(loss) ? Math.max(0, y) : y) / scale),
  weight: classWeighted(sample, unitWeights(sample), settings.classWeights),
});

function checkLoss({ question, target }: Sample, loss: LossName, chosen: boolean): void {
  const fitting = { binary: ['logistic'], classes: ['softmax'], amount: AMOUNT_LOSSES }[question.kind];
  if (!fitting.includes(loss)) {
    throw new AppError(
      'USAGE',
      `expected a loss for a question of kind "${question.kind}" (${fitting.join(', ')}), got "${loss}"`,
    );
  }
  if (!chosen || !LOG_LOSSES.includes(loss)) return;
  if (target.some((y) => y < 0))
    throw new AppError('BAD_DATA', `expected amounts of 0 or more for the loss "${loss}", got one below`);
  if (!target.some((y) => y > 0)) {
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected a positive total for the loss "${loss}", got none; use "squared"`,
    );
  }
}

/** Mean distance from the mean where margins are amounts; the mean itself where they are logarithms of money; counts stay. */
function scaleOf(loss: LossName, target: Float64Array, weight: Float64Array): number {
  if (loss === 'logistic' || loss === 'softmax' || loss === 'poisson') return 1;
  const mean = weightedMean(target, weight);
  if (loss === 'tweedie') return mean;
  const spread = weightedMean(
    target.map((y) => Math.abs(y - mean)),
    weight,
  );
  return spread > 0 ? spread : 1;
}

function classWeighted(
  { question, target }: Sample,
  weight: Float64Array,
  classWeights: readonly number[] | undefined,
): Float64Array {
  if (!classWeights) return weight;
  const all = question.kind === 'binary' && classWeights.length === 1 ? [1, ...classWeights] : classWeights;
  const classes = question.kind === 'binary' ? 2 : question.classes;
  if (question.kind === 'amount' || all.length !== classes) {
    throw new AppError(
      'USAGE',
      question.kind === 'amount'
        ? 'expected no class weights for an amount'
        : `expected ${classes} class weights, got ${classWeights.length}`,
    );
  }
  return weight.map((own, row) => own * all[target[row]]);
}
