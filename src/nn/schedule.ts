// Learning rate over the steps of a run.
import { AppError } from '../core/errors.ts';

/** Learning rate of a step; the first step is 0. Past the last step of a schedule its last rate stays. */
export type Schedule = (step: number) => number;

export function constantRate(rate: number): Schedule {
  return () => rate;
}

/** A straight line from `from` at step 0 to `to` at step `steps`. */
export function linearRate(from: number, to: number, steps: number): Schedule {
  needSteps('linear rate', steps);
  return (step) => from + (to - from) * Math.min(1, step / steps);
}

export interface WarmUpSettings {
  /** The highest, reached at step `warmUpSteps`. */
  readonly rate: number;
  /** Steps on a straight line from near 0. */
  readonly warmUpSteps: number;
  /** Where the cosine ends. */
  readonly steps: number;
  /** The rate there, 0 by default; a tenth of `rate` is usual for language models (Chinchilla, arXiv:2203.15556). */
  readonly floor?: number;
}

/**
 * Linear warm-up, then half a cosine down to a floor. The first step already moves: rate / (warmUpSteps + 1).
 *
 * @see Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5 without restarts; warm-up as in nanoGPT
 */
export function warmUpCosine({ rate, warmUpSteps, steps, floor = 0 }: WarmUpSettings): Schedule {
  needSteps('warm-up and cosine', steps - warmUpSteps);
  return (step) => {
    if (step < warmUpSteps) return (rate * (step + 1)) / (warmUpSteps + 1);
    return cosine(rate, floor, (step - warmUpSteps) / (steps - warmUpSteps));
  };
}

export interface OneCycleSettings {
  /** The highest rate. */
  readonly rate: number;
  readonly steps: number;
  /** Share of the steps on the way up, .3. */
  readonly rise?: number;
  /** The first rate is `rate` / this, 25. */
  readonly startDivisor?: number;
  /** The last rate is the first / this, 10,000. */
  readonly endDivisor?: number;
}

/**
 * Half a cosine up, half a cosine down to almost nothing; defaults and ends as in PyTorch's OneCycleLR.
 *
 * @see Smith and Topin 2019, arXiv:1708.07120
 */
export function oneCycle({
  rate,
  steps,
  rise = 0.3,
  startDivisor = 25,
  endDivisor = 1e4,
}: OneCycleSettings): Schedule {
  needSteps('one cycle', steps - 1);
  const start = rate / startDivisor;
  const top = rise * steps - 1;
  const last = steps - 1;
  return (step) =>
    step <= top
      ? cosine(start, rate, top > 0 ? step / top : 1)
      : cosine(rate, start / endDivisor, (step - top) / (last - top));
}

/** Multiplies the rate by `factor` after every `every` steps. */
export function stepRate(rate: number, factor: number, every: number): Schedule {
  needSteps('stepped rate', every);
  return (step) => rate * factor ** Math.floor(step / every);
}

/** Half a cosine from `from` at share 0 to `to` at share 1 and beyond. */
function cosine(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(1, share)))) / 2;
}

function needSteps(what: string, steps: number): void {
  if (!(steps > 0)) throw new AppError('USAGE', `${what}: expected at least one step, got ${steps}`);
}
