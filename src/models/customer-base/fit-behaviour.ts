// Fits a customer-base model: maximum likelihood, held back by a weak prior so that it always ends somewhere.
import { AppError } from '../../core/errors.ts';
import { type Minimum, minimizeWithPauses, type Objective } from '../../core/minimize.ts';
import { pause } from '../../core/pause.ts';
import { whiten } from '../../core/whiten.ts';
import type { Family, Parameters, WeakPrior } from './family.ts';
import { type PurchaseHistory, thinHistory } from './purchase-history.ts';

export interface FitOptions {
  /** 1 = the family's prior, 0 = plain maximum likelihood, which may run away on some data. Default 1. */
  readonly priorStrength?: number;
  readonly signal?: AbortSignal;
  readonly onIteration?: (iteration: number) => void;
}

export interface BehaviourFit<Letter extends string> {
  readonly parameters: Parameters<Letter>;
  /** Σ ln L at the parameters, the prior left out. */
  readonly logLikelihood: number;
  readonly customers: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** Large histories are searched on about this many groups first. */
const THINNED_GROUPS = 10_000;

/** Of the mean log-likelihood a customer: far below what any number of customers can tell apart. */
const GRADIENT_TOLERANCE = 1e-9;

/**
 * The parameters of greatest (penalised) likelihood.
 *
 * @throws AppError NOT_ENOUGH_DATA without a single customer, INTERRUPTED
 */
export async function fitBehaviour<Letter extends string>(
  family: Family<Letter>,
  history: PurchaseHistory,
  options: FitOptions = {},
): Promise<BehaviourFit<Letter>> {
  const { priorStrength = 1, signal, onIteration } = options;
  if (history.customers <= 0)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `"${family.id}" needs at least one customer who purchased, got none`,
    );
  const { letters } = family;
  const priors = letters.map((letter) => family.prior[letter]);
  const objectiveOver = (part: PurchaseHistory): Objective => {
    const priorWeight = priorStrength / history.customers;
    return (logs, gradient) => {
      const value = family.logLikelihood(part, toParameters(letters, logs), gradient);
      for (let i = 0; i < gradient.length; i++) gradient[i] /= -part.customers;
      return -value / part.customers + addPenalty(logs, gradient, priors, priorWeight);
    };
  };
  let iterations = 0;
  const search = (objective: Objective, start: Float64Array): Promise<Minimum> =>
    minimizeWithPauses(
      objective,
      start,
      async () => {
        iterations++;
        onIteration?.(iterations);
        await pause(signal);
      },
      { signal, gradientTolerance: GRADIENT_TOLERANCE },
    );

  const whole = objectiveOver(history);
  const thinning = Math.floor(history.count.length / THINNED_GROUPS);
  const likeness = thinning > 1 ? objectiveOver(thinHistory(history, thinning)) : whole;
  const first = await search(
    likeness,
    Float64Array.from(priors, (prior) => Math.log(prior.median)),
  );
  let found = { point: first.point, converged: first.converged };
  if (thinning > 1) {
    // The likeness knows the shape of the whole: a few steps on all customers are left.
    const { objective, toPoint } = whiten(whole, likeness, first.point);
    const rest = await search(objective, new Float64Array(letters.length));
    found = { point: toPoint(rest.point), converged: rest.converged };
  }
  const parameters = toParameters(letters, found.point);
  return {
    parameters,
    logLikelihood: family.logLikelihood(history, parameters, new Float64Array(letters.length)),
    customers: history.customers,
    iterations,
    converged: found.converged,
  };
}

function toParameters<Letter extends string>(
  letters: readonly Letter[],
  logs: Float64Array,
): Parameters<Letter> {
  const entries = letters.map((letter, i) => [letter, Math.exp(logs[i])] as const);
  return Object.fromEntries(entries) as Record<Letter, number>;
}

/** weight · Σ (ln parameter − ln median)² / (2 logStdDev²), its slopes added to `gradient`. */
export function addPenalty(
  logs: Float64Array,
  gradient: Float64Array,
  priors: readonly WeakPrior[],
  weight: number,
): number {
  let penalty = 0;
  for (let i = 0; i < priors.length; i++) {
    const away = (logs[i] - Math.log(priors[i].median)) / priors[i].logStdDev;
    penalty += 0.5 * weight * away * away;
    gradient[i] += (weight * away) / priors[i].logStdDev;
  }
  return penalty;
}
