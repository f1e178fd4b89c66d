// Three years of seasons and growth: how far totals are off in the third, and what level and season corrections mend.
import { silent } from '../src/core/progress.ts';
import { DAY_MS, formatMoment } from '../src/core/time.ts';
import { buildExamples } from '../src/data/examples.ts';
import { readCapabilities, viewFor } from '../src/data/features/capabilities.ts';
import { defaultView } from '../src/data/features/default-view.ts';
import { everyoneKnown, willSpend } from '../src/data/labels.ts';
import { applyLevel, fitLevel, type LevelOrigin } from '../src/eval/level.ts';
import { estimatorById, fitModel } from '../src/models/catalogue.ts';
import type { Sample } from '../src/models/estimator.ts';
import { takeSample } from '../src/models/sample.ts';
import { boundView } from '../src/train/bounded-view.ts';
import { type ShopInLake, userNumber } from './simulated-shop.ts';

const HORIZON_DAYS = 30;
const HORIZON_MS = HORIZON_DAYS * DAY_MS;
const HISTORY_DAYS = 90;
/** Each model learns from so many moments, the last of which has its label behind it. */
const TRAIN_MOMENTS = 3;

export interface SeasonRow {
  readonly asOf: string;
  /** (predicted − actual) / actual, in total over all customers. */
  readonly bias: { readonly uncorrected: number; readonly level: number; readonly level_and_season: number };
  /** The same of the truth's own expected net spend: what chance alone leaves. */
  readonly truth: number;
}

export interface Season {
  readonly events: number;
  readonly estimator: string;
  readonly rows: readonly SeasonRow[];
  /** Of the total over all tests, and the mean size of the monthly ones. */
  readonly pooled_bias: SeasonRow['bias'];
  readonly mean_absolute_bias: SeasonRow['bias'];
  readonly mean_absolute_bias_of_truth: number;
  readonly seconds: number;
}

/** Rolls through the shop month by month: a fresh model each time, corrected by what the earlier ones got wrong. */
export async function thirdYear(
  { shop, engine, source }: ShopInLake,
  { threads, log }: { threads: number; log: (line: string) => void },
): Promise<Season> {
  const startedMs = performance.now();
  const estimator = estimatorById('tweedie');
  const moments: number[] = [];
  for (
    let asOf = shop.startMs + HISTORY_DAYS * DAY_MS;
    asOf + HORIZON_MS < shop.endMs - DAY_MS;
    asOf += HORIZON_MS
  ) {
    moments.push(asOf);
  }
  const fed = viewFor(defaultView(HORIZON_DAYS), await readCapabilities(engine, source)).view;
  const bounded = boundView(fed, HISTORY_DAYS * DAY_MS).view;
  // Three months of a season cannot teach it: what the calendar says is left to the correction.
  const view = { ...bounded, features: bounded.features.filter(({ group }) => group !== 'calendar') };
  const examples = await buildExamples(engine, source, {
    view,
    label: willSpend(),
    population: everyoneKnown,
    asOfs: moments,
    horizonMs: HORIZON_MS,
  });
  log(`${examples.frame.rows} examples at ${moments.length} moments`);
  const question = {
    kind: 'amount',
    outcome: 'revenue',
    horizonDays: HORIZON_DAYS,
    discountPerYear: 0,
  } as const;
  const all: Sample = { question, ...examples, target: examples.target as Float64Array };
  const rowsAt = new Map<number, number[]>(moments.map((moment) => [moment, []]));
  examples.asOf.forEach((moment, row) => {
    rowsAt.get(moment)?.push(row);
  });
  const sampleAt = (some: readonly number[]) =>
    takeSample(
      all,
      some.flatMap((moment) => rowsAt.get(moment) ?? []),
    );

  const origins: LevelOrigin[] = [];
  const rows: SeasonRow[] = [];
  const totals = { actual: 0, uncorrected: 0, level: 0, level_and_season: 0 };
  for (let at = TRAIN_MOMENTS; at < moments.length; at++) {
    const asOf = moments[at];
    const train = sampleAt(moments.slice(at - TRAIN_MOMENTS, at));
    const test = sampleAt([asOf]);
    const model = await fitModel(estimator, train, undefined, { seed: 1, threads, progress: silent });
    const predicted = await model.predict(test.frame);
    const level = origins.length > 0 ? fitLevel(origins, { horizonMs: HORIZON_MS }) : undefined;
    // A season is known once the moments behind span two years: the tests are those of the third.
    if (level?.season) {
      const actual = sumOf(test.target);
      const predictedTotal = {
        uncorrected: sumOf(predicted),
        level: sumOf(applyLevel({ ...level, season: undefined }, predicted, { asOf, horizonMs: HORIZON_MS })),
        level_and_season: sumOf(applyLevel(level, predicted, { asOf, horizonMs: HORIZON_MS })),
      };
      const off = (total: number) => (total - actual) / actual;
      const expected = test.entities.map(
        (id) => shop.truth.expectedSpend(userNumber(id), asOf, HORIZON_MS).netMinor,
      );
      rows.push({
        asOf: formatMoment(asOf),
        bias: mapBias((kind) => off(predictedTotal[kind])),
        truth: off(sumOf(expected)),
      });
      totals.actual += actual;
      for (const kind of KINDS) totals[kind] += predictedTotal[kind];
      log(JSON.stringify(rows[rows.length - 1]));
    }
    origins.push({ asOf, entities: test.entities, actual: test.target, predicted });
  }
  return {
    events: source.rows,
    estimator: estimator.id,
    rows,
    pooled_bias: mapBias((kind) => (totals[kind] - totals.actual) / totals.actual),
    mean_absolute_bias: mapBias((kind) => meanSize(rows.map(({ bias }) => bias[kind]))),
    mean_absolute_bias_of_truth: meanSize(rows.map(({ truth }) => truth)),
    seconds: (performance.now() - startedMs) / 1000,
  };
}

const KINDS = ['uncorrected', 'level', 'level_and_season'] as const;

const mapBias = (of: (kind: (typeof KINDS)[number]) => number): SeasonRow['bias'] => ({
  uncorrected: of('uncorrected'),
  level: of('level'),
  level_and_season: of('level_and_season'),
});

const sumOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0);

const meanSize = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
