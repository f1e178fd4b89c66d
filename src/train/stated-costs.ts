// What models take that cost more than all others together, said before it is paid; who would take too long is left out.
import type { Progress } from '../core/progress.ts';
import type { Estimator, Sample } from '../models/estimator.ts';

export interface Cost {
  /** Of one thread, one fit. */
  readonly seconds: number;
  /** Why it is not paid. */
  readonly tooMuch?: string;
}

export type Costs = ReadonlyMap<Estimator, Cost>;

export interface CostLimits {
  /** Of one thread, for one model; no limit when absent. */
  readonly mostSeconds?: number;
  /** Each model is fitted so many times. */
  readonly fits: number;
  readonly progress: Pick<Progress, 'note'>;
}

/** Costs of those that know theirs and can answer, each noted. */
export function stateCosts(
  candidates: readonly Estimator[],
  train: Sample,
  { mostSeconds = Number.POSITIVE_INFINITY, fits, progress }: CostLimits,
): Costs {
  const costs = new Map<Estimator, Cost>();
  for (const estimator of candidates) {
    if (!estimator.seconds || estimator.refuses(train.question, train.frame)) continue;
    const seconds = estimator.seconds(train);
    const all = Math.ceil(fits * seconds);
    const each = fits > 1 ? `, ${fits} fits of ${Math.ceil(seconds)} s` : '';
    const cost = `about ${all} s of one thread${each}`;
    const isTooMuch = all > mostSeconds;
    costs.set(estimator, {
      seconds,
      ...(isTooMuch && { tooMuch: `it would take ${cost}; name it after --model to have it` }),
    });
    if (!isTooMuch) progress.note(`${estimator.id} will take ${cost}`);
  }
  return costs;
}
