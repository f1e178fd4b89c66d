// A task is a business question as plain data: who is asked about, what counts as the answer, how answers are judged.
import type { Name } from '../core/name.ts';
import type { ExampleEntity } from '../data/entity.ts';
import type { LabelDefinition, Population } from '../data/labels.ts';
import type { RowMetricName } from '../eval/metrics/metric.ts';
import type { Outcome, TargetKind } from '../models/estimator.ts';

/** A question the product can answer about every customer, every open visit, or every customer and item of a population. */
export interface Task {
  /** As typed on the command line: `purchase`. */
  readonly name: string;
  readonly label: Name;
  /** The question in one sentence; `{horizon}` stands for the number of days. */
  readonly question: Name;
  /** Who is asked about, in words. */
  readonly about: Name;
  readonly entity: ExampleEntity;
  readonly kind: Exclude<TargetKind, 'classes'>;
  readonly outcome: Outcome;
  /** Of items: which of them a customer is asked about. Visits are all asked about. */
  readonly population: Population;
  readonly target: LabelDefinition;
  /** Of visits, whose end is their horizon: the length of the stretches they are drawn from. */
  readonly horizonDays: number;
  /** Shorter horizons to take where history is short and none is asked for, longest first. */
  readonly shorterDays?: readonly number[];
  /** The first decides between models; all are reported. */
  readonly metrics: readonly RowMetricName[];
  /** Estimators `--model auto` tries, in the order in which a time limit lets them. */
  readonly recipe: readonly string[];
  /** Stand beside every number; the usual ones when absent. */
  readonly baselines?: readonly string[];
  /**
   * When the history is too short to learn `horizonDays` whole: the model is trained and validated over the longest
   * horizon that fits and then asked for the whole one, which only models of customer behaviour over time can do.
   */
  readonly extrapolates: boolean;
  /** What to do with the answer, one sentence an item. */
  readonly advice: readonly Name[];
  /** What the answer cannot tell. */
  readonly limits: readonly Name[];
}

/** What a task counts, in words. */
export const COUNTED: Readonly<Record<ExampleEntity, Name>> = {
  user: { en: 'customers', zh: '客户' },
  session: { en: 'moments of visits', zh: '访问时刻' },
  user_item: { en: 'pairs of customer and item', zh: '客户与商品组合' },
};

/** The question with its horizon filled in. */
export function questionOf(task: Task, horizonDays: number): Name {
  const days = String(Math.round(horizonDays * 10) / 10);
  return {
    en: task.question.en.replaceAll('{horizon}', days),
    zh: task.question.zh.replaceAll('{horizon}', days),
  };
}
