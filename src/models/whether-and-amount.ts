// One question of an amount as two: is there any, and how much where there is.
import type { FitRun, Sample } from './estimator.ts';
import { sortSample, takeSample } from './sample.ts';

/** Whether there is an amount above zero, of every example. */
export const asWhether = (sample: Sample): Sample => ({
  ...sample,
  question: { ...sample.question, kind: 'binary', outcome: 'buys' },
  target: sample.target.map((amount) => Number(amount > 0)),
});

/** The examples with an amount above zero, sorted. */
export function positiveOf(sample: Sample): Sample {
  const rows: number[] = [];
  sample.target.forEach((amount, row) => {
    if (amount > 0) rows.push(row);
  });
  return sortSample(takeSample(sample, rows));
}

/** The same run with its steps counted as one half of the work of `task`. */
export const half = (run: FitRun, task: string, part: 0 | 1): FitRun => ({
  ...run,
  progress: {
    note: (message) => {
      if (part === 0) run.progress.note(message);
    },
    step: (step) =>
      run.progress.step({
        ...step,
        task,
        ...(step.total && { done: step.done + part * step.total, total: 2 * step.total }),
      }),
  },
});

/** ln sigmoid(logit) = −ln(1 + e^−logit), without overflow on either side. */
export const logSigmoid = (logit: number): number =>
  Math.min(logit, 0) - Math.log1p(Math.exp(-Math.abs(logit)));
