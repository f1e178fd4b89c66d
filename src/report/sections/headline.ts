// The one number that stands for a task: its deciding metric on the test beside the first baseline, and how sure it is.
import type { Name } from '../../core/name.ts';
import type { MetricName, Score } from '../../eval/score.ts';
import { isMissing } from '../document.ts';
import { metricWords } from '../metric-words.ts';
import type { TaskReport } from '../task-document.ts';

/** `sure` and `worse`: the paired interval excludes zero; `unsure`: it does not; `untested`: there is none. */
export type Certainty = 'sure' | 'unsure' | 'worse' | 'untested';

export interface Headline {
  readonly metric: MetricName;
  readonly model: Name;
  readonly score: Score;
  readonly baseline?: { readonly label: Name; readonly score: Score };
  /** Model − baseline: the paired difference where it was measured. */
  readonly difference?: number;
  readonly certainty: Certainty;
}

/** `undefined` when the task has no test metrics. */
export function headline({ metrics, differences }: TaskReport): Headline | undefined {
  if (!metrics || isMissing(metrics)) return undefined;
  const { model, baselines, order } = metrics;
  const metric = order.find((candidate) => model.scores[candidate]);
  const score = metric && model.scores[metric];
  if (!metric || !score) return undefined;
  const first = baselines[0];
  const against = first?.scores[metric];
  if (!against) return { metric, model: model.label, score, certainty: 'untested' };
  const paired =
    differences && !isMissing(differences)
      ? differences.rows.find((row) => row.metric === metric && row.against.en === first.label.en)
      : undefined;
  return {
    metric,
    model: model.label,
    score,
    baseline: { label: first.label, score: against },
    difference: paired?.score.value ?? score.value - against.value,
    certainty: paired ? readDifference(metric, paired.score) : 'untested',
  };
}

/** Whom the interval of a paired difference (model − baseline) favours. */
export function readDifference(metric: MetricName, { low, high }: Score): Exclude<Certainty, 'untested'> {
  if (!(low > 0 || high < 0)) return 'unsure';
  // Differences of bias and coverage are differences of distances: smaller is better.
  return (metricWords(metric).better === 'higher') === low > 0 ? 'sure' : 'worse';
}
