// What the least of a run would cost, found out before it begins: which model there is time for, or that there is none.
import { AppError, throwIfAborted } from '../../core/errors.ts';
import type { Estimator, FitRun, Sample } from '../../models/estimator.ts';
import { type Refusal, refusalOf } from '../attempts.ts';
import { GROWTH, timeFit } from '../expected-time.ts';

export interface TimePlanOptions {
  /** In the order tried; baselines among them are not asked. */
  readonly candidates: readonly Estimator[];
  /** Fitted plainly once a turn. */
  readonly baselines: readonly Estimator[];
  /** Folds inside each turn. */
  readonly folds: number;
  /** Turns of the test: folds × repeats of a nested one, 0 where rows of their own are tested. */
  readonly turns: number;
  /** Turns learn from earlier rows only: half of them on average. */
  readonly byTime: boolean;
  readonly run: FitRun;
  readonly now: () => number;
  readonly deadlineMs: number;
}

export interface TimePlan {
  /** Without the models there is no time for, which stand in `late`. */
  readonly candidates: readonly Estimator[];
  readonly late: readonly Refusal[];
  /** Of one turn, ms. */
  readonly turnMs: number;
  /** Of learning on every row, ms. */
  readonly lastMs: number;
}

/** What one fit on all rows takes, ms. */
interface FitTimes {
  readonly model: number;
  readonly baselines: number;
}

/**
 * The first model whose least work ends in time goes first; those before it are left out with the reason. A fit is timed
 * on some of the rows.
 *
 * @throws AppError USAGE when there is no time for any model, with what would fit; INTERRUPTED
 */
export async function planTime(sample: Sample, options: TimePlanOptions): Promise<TimePlan> {
  const { candidates, run, now, deadlineMs } = options;
  const baselines = await baselineTime(sample, options);
  const late: Refusal[] = [];
  let quickest: FitTimes | undefined;
  for (const estimator of candidates) {
    if (estimator.role === 'baseline' || estimator.refuses(sample.question, sample.frame)) continue;
    throwIfAborted(run.signal);
    // Asking costs time too; but without one answer nothing can be said about what would fit.
    if (quickest && now() >= deadlineMs) break;
    let model: number;
    try {
      model = await timeFit(estimator, sample, options);
    } catch (error) {
      // Its turn among the candidates says why.
      refusalOf(estimator, error);
      continue;
    }
    const times: FitTimes = { model, baselines };
    const least = leastWork(times, options);
    if (totalOf(least, options) <= deadlineMs - now()) {
      const left = new Set(late.map(({ id }) => id));
      return { ...least, candidates: candidates.filter((own) => !left.has(own.id)), late };
    }
    const reason = `it would take about ${spanOf(totalOf(least, options))}, the time limit leaves ${spanOf(deadlineMs - now())}`;
    late.push({ id: estimator.id, label: estimator.label, reason });
    if (!quickest || times.model < quickest.model) quickest = times;
  }
  if (!quickest) return { candidates, late: [], turnMs: 0, lastMs: 0 };
  throw new AppError('USAGE', refusalText(quickest, options));
}

async function baselineTime(
  sample: Sample,
  { baselines, run, now, deadlineMs }: TimePlanOptions,
): Promise<number> {
  let sum = 0;
  for (const estimator of baselines) {
    if (now() >= deadlineMs || estimator.refuses(sample.question, sample.frame)) continue;
    sum += await timeFit(estimator, sample, { run, now });
  }
  return sum;
}

/** Every fold inside needs a fit, and the whole one more. */
function leastWork(
  { model, baselines }: FitTimes,
  { folds, turns, byTime }: Pick<TimePlanOptions, 'folds' | 'turns' | 'byTime'>,
): Pick<TimePlan, 'turnMs' | 'lastMs'> {
  const part = (byTime ? 0.5 : 1 - 1 / folds) ** GROWTH;
  const inside = model * (folds * part + 1);
  return {
    turnMs: turns === 0 ? 0 : part * (inside + baselines),
    lastMs: inside + baselines * (folds * part + 1),
  };
}

const totalOf = ({ turnMs, lastMs }: Pick<TimePlan, 'turnMs' | 'lastMs'>, { turns }: { turns: number }) =>
  turns * turnMs + lastMs;

/** Room above the estimate in what is advised. */
const ROOM = 1.5;
/** As `--cv` has it where nobody asks. */
const USUAL_FOLDS = 5;

/** What was asked, what the least of it takes, and the nearest things that would fit. */
function refusalText(times: FitTimes, options: TimePlanOptions): string {
  const { folds, turns, byTime, deadlineMs, now } = options;
  const repeats = turns / folds;
  const needs = (own: number, ofTurns: number) => {
    const asked = { folds: own, turns: ofTurns, byTime };
    return totalOf(leastWork(times, asked), asked);
  };
  const total = needs(folds, turns);
  const leftMs = deadlineMs - now();
  const advice: string[] = [];
  if (turns > 0) {
    const fewer = Array.from({ length: folds - 2 }, (_, i) => folds - 1 - i);
    const nested = fewer.find((own) => ROOM * needs(own, own * repeats) <= leftMs);
    const held = [folds, ...fewer].find((own) => ROOM * needs(own, 0) <= leftMs);
    if (nested) advice.push(`--cv ${nested}`);
    if (held && held !== nested) advice.push(`--holdout .2 --cv ${held}`);
    if (advice.length === 0 && folds > USUAL_FOLDS) {
      const usual = needs(USUAL_FOLDS, USUAL_FOLDS * repeats);
      advice.push(`--cv ${USUAL_FOLDS} --time-limit ${roundSpan((ROOM * usual) / 1000)}`);
    }
  }
  advice.push(`--time-limit ${roundSpan((ROOM * total) / 1000)}`);
  const work =
    turns > 0
      ? `${turns} test folds, each with a choice over ${folds} folds of its own, and the last model`
      : `a choice over ${folds} folds and the last model`;
  return `the time limit is too short: ${work} take at least about ${spanOf(total)}, and ${spanOf(Math.max(0, leftMs))} are left; ${advice.join(' or ')} would fit`;
}

const spanOf = (ms: number): string => {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60).toLocaleString('en-US')} min`;
};

/** As an option takes it: `40s`, `12m`, `5h`. */
const roundSpan = (seconds: number): string => {
  if (seconds <= 90) return `${Math.max(10, 10 * Math.ceil(seconds / 10))}s`;
  return seconds <= 90 * 60 ? `${Math.ceil(seconds / 60)}m` : `${Math.ceil(seconds / 3600)}h`;
};
