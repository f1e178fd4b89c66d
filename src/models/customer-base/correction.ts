// What one period's outcomes teach a customer-base model about itself: the shape of its errors fully, their level warily.
import { minimizeWithPauses, type Objective } from '../../core/minimize.ts';
import { pause } from '../../core/pause.ts';
import { clampProbability, logit, sigmoid } from '../link.ts';

/** What the model believes of a customer over the horizon. */
export interface Belief {
  /** P(still a customer). */
  readonly alive: number;
  /** P(at least one purchase). */
  readonly buys: number;
  /** E[purchases]. */
  readonly purchases: number;
  /** Weeks since the last purchase day. */
  readonly silence: number;
}

/** margin = logit(buys) + level + Σ weights · (terms − means). All zero means: the model is believed as it is. */
export interface Correction {
  readonly weights: readonly number[];
  readonly means: readonly number[];
  readonly level: number;
}

/** Weights and level are normal around zero with this spread: a few hundred outcomes outvote it. */
const PRIOR_STD_DEV = 0.5;

/** Logs of the belief: what exponential waiting and gamma-mixed rates get wrong shows along these four. */
function terms(belief: Belief): number[] {
  return [
    logit(clampProbability(belief.buys)),
    Math.log(Math.max(belief.purchases, 1e-12)),
    Math.log(Math.max(belief.alive, 1e-12)),
    Math.log1p(belief.silence),
  ];
}

/** The corrected logit of P(at least one purchase). */
export function correctedMargin(belief: Belief, { weights, means, level }: Correction): number {
  const own = terms(belief);
  let margin = own[0] + level;
  for (let j = 0; j < own.length; j++) margin += weights[j] * (own[j] - means[j]);
  return margin;
}

/**
 * Learns the correction by penalised logistic regression on (beliefs, bought).
 *
 * Customers clump their purchases more than a Poisson process does, so these models bury regular buyers after a silence
 * too early: the weights mend that ranking and transfer from period to period. The level mixes what the model always
 * gets wrong with the season of the periods seen, so recent periods set it and only `levelShare` of it is kept.
 *
 * @param bought 0 or 1, [beliefs]
 * @throws AppError INTERRUPTED
 */
export async function fitCorrection(
  beliefs: readonly Belief[],
  bought: Float64Array,
  { weight, periods, signal }: { weight: Float64Array; periods: Periods; signal?: AbortSignal },
): Promise<Correction> {
  const rows = beliefs.length;
  const width = 4;
  const design = new Float64Array(rows * width);
  const means = new Float64Array(width);
  let total = 0;
  for (let i = 0; i < rows; i++) {
    const own = terms(beliefs[i]);
    total += weight[i];
    for (let j = 0; j < width; j++) {
      design[i * width + j] = own[j];
      means[j] += weight[i] * own[j];
    }
  }
  if (!(total > 0)) return { weights: [0, 0, 0, 0], means: [0, 0, 0, 0], level: 0 };
  for (let j = 0; j < width; j++) means[j] /= total;

  const objective: Objective = (point, gradient) => {
    gradient.fill(0);
    let loss = 0;
    for (let i = 0; i < rows; i++) {
      const at = i * width;
      let margin = design[at] + point[width];
      for (let j = 0; j < width; j++) margin += point[j] * (design[at + j] - means[j]);
      const p = sigmoid(margin);
      // −ln likelihood of one outcome, ln(1 + e^margin) − bought · margin, without overflow.
      loss +=
        weight[i] * (Math.log1p(Math.exp(-Math.abs(margin))) + Math.max(margin, 0) - bought[i] * margin);
      const error = weight[i] * (p - bought[i]);
      for (let j = 0; j < width; j++) gradient[j] += error * (design[at + j] - means[j]);
      gradient[width] += error;
    }
    for (let j = 0; j <= width; j++) {
      loss += (0.5 * point[j] ** 2) / PRIOR_STD_DEV ** 2;
      gradient[j] = (gradient[j] + point[j] / PRIOR_STD_DEV ** 2) / total;
    }
    return loss / total;
  };
  const found = await minimizeWithPauses(objective, new Float64Array(width + 1), () => pause(signal), {
    signal,
  });
  const margins = Float64Array.from({ length: rows }, (_, i) => {
    let margin = design[i * width];
    for (let j = 0; j < width; j++) margin += found.point[j] * (design[i * width + j] - means[j]);
    return margin;
  });
  const seen = measureLevel(
    margins,
    bought,
    weight.map((own, i) => own * periods.recency[i]),
  );
  return {
    weights: [...found.point.subarray(0, width)],
    means: [...means],
    level: seen.level * levelShare(periods, seen.variance),
  };
}

/** The one shift of all margins that fits best, by Newton, with the variance of that estimate. */
function measureLevel(
  margins: Float64Array,
  bought: Float64Array,
  weight: Float64Array,
): { level: number; variance: number } {
  let level = 0;
  let information = 0;
  for (let round = 0; round < 50; round++) {
    let slope = -level / PRIOR_STD_DEV ** 2;
    information = 1 / PRIOR_STD_DEV ** 2;
    for (let i = 0; i < margins.length; i++) {
      const p = sigmoid(margins[i] + level);
      slope += weight[i] * (bought[i] - p);
      information += weight[i] * p * (1 - p);
    }
    const step = Math.max(-1, Math.min(1, slope / information));
    level += step;
    if (Math.abs(step) < 1e-12) break;
  }
  return { level, variance: 1 / information };
}

/** When the examples a level is measured on were: it drifts, so each period back counts half as much. */
export interface Periods {
  /** [rows] ½ to the power of how many distinct moments asOf lie after the row's own. */
  readonly recency: Float64Array;
  /** How many equally weighted periods these weigh as much as: from 1 to 3. */
  readonly effective: number;
  readonly horizonDays: number;
}

export function periodsOf(asOf: Float64Array, horizonDays: number): Periods {
  const moments = [...new Set(asOf)].sort((a, b) => b - a);
  const weightAt = new Map(moments.map((moment, back) => [moment, 0.5 ** back]));
  let sum = 0;
  let squares = 0;
  for (const weight of weightAt.values()) {
    sum += weight;
    squares += weight * weight;
  }
  return {
    recency: asOf.map((moment) => weightAt.get(moment)!),
    effective: sum ** 2 / squares,
    horizonDays,
  };
}

/** How far a model is off for good (refunds, misfit), on a log scale. */
const LASTING_STD_DEV = 0.2;
/** How far a quarter or less is off for its own sake (season, a campaign); over a longer horizon seasons cancel. */
const PASSING_STD_DEV = 0.25;

/**
 * The share of an observed level that will last: lasting variance over all variance (random effects).
 *
 * @param sampling variance of the observed level by chance alone
 */
export function levelShare(
  { effective, horizonDays }: Pick<Periods, 'effective' | 'horizonDays'>,
  sampling: number,
): number {
  const passing = (PASSING_STD_DEV ** 2 * Math.min(1, 91 / horizonDays)) / effective;
  return LASTING_STD_DEV ** 2 / (LASTING_STD_DEV ** 2 + passing + sampling);
}

/**
 * The factor to put on predicted amounts: (Σ actual / Σ predicted) to the power of its lasting share. Predictions are
 * gross of refunds and know no season; refunds last, seasons pass, and one period cannot tell them apart.
 */
export function amountLevel(
  predicted: Float64Array,
  actual: Float64Array,
  { weight, periods }: { weight: Float64Array; periods: Periods },
): number {
  let sumPredicted = 0;
  let sumActual = 0;
  for (let i = 0; i < predicted.length; i++) {
    const own = weight[i] * periods.recency[i];
    sumPredicted += own * predicted[i];
    sumActual += own * actual[i];
  }
  const ratio = sumActual / sumPredicted;
  if (!(ratio > 0 && Number.isFinite(ratio))) return 1;
  let squares = 0;
  for (let i = 0; i < predicted.length; i++) {
    squares += (weight[i] * periods.recency[i] * (actual[i] - ratio * predicted[i])) ** 2;
  }
  return ratio ** levelShare(periods, squares / sumActual ** 2);
}
