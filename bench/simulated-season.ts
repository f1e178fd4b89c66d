// Three years of seasons and growth: how far the product's own spend forecasts are off in the third, month by month.
import { silent } from '../src/core/progress.ts';
import { DAY_MS, formatMoment } from '../src/core/time.ts';
import { seasonalChange } from '../src/eval/season/season.ts';
import { taskNamed } from '../src/tasks/catalogue.ts';
import { assess } from '../src/train/assess.ts';
import { fitTask } from '../src/train/fit.ts';
import { type ShopInLake, userNumber } from './simulated-shop.ts';

const HORIZON_DAYS = 30;
const HORIZON_MS = HORIZON_DAYS * DAY_MS;
/** The last months of the third year, sales days and Christmas among them. */
const TESTS = 6;

export interface SeasonRow {
  readonly asOf: string;
  readonly model: string;
  /** Factor of the window, as it was known at the test. */
  readonly season: number;
  /** (predicted − actual) / actual, in total over all customers. */
  readonly bias: number;
  /** The same with the season left out of the answers. */
  readonly bias_without_season: number;
  /** The same of the truth's own expected net spend: what chance alone leaves. */
  readonly bias_of_truth: number;
  readonly coverage: number;
}

export interface Season {
  readonly events: number;
  readonly rows: readonly SeasonRow[];
  /** Of the total over all tests. */
  readonly pooled_bias: number;
  readonly pooled_bias_without_season: number;
  /** Mean size of the monthly ones. */
  readonly mean_absolute_bias: number;
  readonly mean_absolute_bias_without_season: number;
  readonly mean_absolute_bias_of_truth: number;
  readonly seconds: number;
}

/** One run of the task `spend` at each test: nothing of it or after it is known to the run. */
export async function thirdYear(
  { shop, engine, source }: ShopInLake,
  { threads, log }: { threads: number; log: (line: string) => void },
): Promise<Season> {
  const startedMs = performance.now();
  const last = Math.floor((source.lastMs - HORIZON_MS) / DAY_MS) * DAY_MS;
  const totals = { actual: 0, predicted: 0, ordinary: 0 };
  const rows: SeasonRow[] = [];
  for (let test = TESTS - 1; test >= 0; test--) {
    const asOf = last - test * HORIZON_MS;
    const fitted = await fitTask(engine, source, {
      task: taskNamed('spend'),
      horizonDays: HORIZON_DAYS,
      asOf,
      models: 'auto',
      seed: 1,
      threads,
      now: Date.now,
      progress: silent,
    });
    const { chosen } = await assess(fitted, source, 1);
    const sample = fitted.samples.test;
    const actual = sumOf(sample.target);
    const predicted = sumOf(chosen.answers.value);
    const { season } = fitted.calibrated.corrections;
    const factor = season ? seasonalChange(season, asOf, HORIZON_MS) : 1;
    const expected = sample.entities.map(
      (id) => shop.truth.expectedSpend(userNumber(id), asOf, HORIZON_MS).netMinor,
    );
    const off = (total: number) => (total - actual) / actual;
    rows.push({
      asOf: formatMoment(asOf),
      model: fitted.chosen.estimator.id,
      season: factor,
      bias: off(predicted),
      bias_without_season: off(predicted / factor),
      bias_of_truth: off(sumOf(expected)),
      coverage: chosen.evaluation.scores.coverage?.value ?? Number.NaN,
    });
    totals.actual += actual;
    totals.predicted += predicted;
    totals.ordinary += predicted / factor;
    log(JSON.stringify(rows[rows.length - 1]));
  }
  return {
    events: source.rows,
    rows,
    pooled_bias: totals.predicted / totals.actual - 1,
    pooled_bias_without_season: totals.ordinary / totals.actual - 1,
    mean_absolute_bias: meanSize(rows.map(({ bias }) => bias)),
    mean_absolute_bias_without_season: meanSize(rows.map((row) => row.bias_without_season)),
    mean_absolute_bias_of_truth: meanSize(rows.map((row) => row.bias_of_truth)),
    seconds: (performance.now() - startedMs) / 1000,
  };
}

const sumOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0);

const meanSize = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
