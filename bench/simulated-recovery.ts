// How near the product's own purchase models come to the truth of a simulated shop.
import { silent } from '../src/core/progress.ts';
import { DAY_MS, formatMoment } from '../src/core/time.ts';
import { idealProbabilities, observe } from '../src/data/synthetic/ideal-observer.ts';
import { measure } from '../src/eval/metrics/metric.ts';
import { forecast } from '../src/models/calibrated.ts';
import { purchase } from '../src/tasks/purchase.ts';
import { fitTask } from '../src/train/fit.ts';
import { type ShopInLake, userNumber } from './simulated-shop.ts';

export const HORIZON_DAYS = 30;
const HORIZON_MS = HORIZON_DAYS * DAY_MS;

export interface PredictorFigures {
  /** Mean absolute difference from the true probability. */
  readonly mae_to_truth: number;
  readonly roc_auc: number;
  /** Against what happened, and against the true probability, which has no noise of its own; 10 bins of equal count. */
  readonly ece: number;
  readonly ece_to_truth: number;
  readonly mean: number;
}

export interface Recovery {
  readonly scenario: string;
  readonly customers: number;
  readonly events: number;
  readonly testAsOf: string;
  readonly examples: number;
  readonly positives: number;
  readonly chosen: string;
  /** `truth`, `ideal observer` where there is one, then every model and baseline, calibrated as the product does it. */
  readonly figures: Readonly<Record<string, PredictorFigures>>;
  readonly seconds: number;
}

/** Trains `purchase` on the shop and compares the test's answers with the truth. */
export async function recover(
  { shop, engine, source }: ShopInLake,
  options: { threads: number; models: 'auto' | readonly string[]; log: (line: string) => void },
): Promise<Recovery> {
  const startedMs = performance.now();
  // A day less than the window allows: the log ends with its last event, not with the window.
  const asOf = shop.endMs - HORIZON_MS - DAY_MS;
  const fitted = await fitTask(engine, source, {
    task: purchase,
    horizonDays: HORIZON_DAYS,
    asOf,
    models: options.models,
    maxTrainOrigins: 3,
    seed: shop.options.seed,
    threads: options.threads,
    now: Date.now,
    progress: silent,
  });
  const { test } = fitted.samples;
  const truth = Float64Array.from(test.entities, (id) =>
    shop.truth.purchaseProbability(userNumber(id), asOf, HORIZON_MS),
  );
  const figures: Record<string, PredictorFigures> = {};
  const add = (name: string, predicted: Float64Array) => {
    figures[name] = compare(predicted, truth, test.target);
    options.log(`${name}: ${JSON.stringify(figures[name])}`);
  };
  add('truth', truth);
  const { saleResponse, fullPricePain } = shop.world.scenario;
  if (saleResponse === 0 && fullPricePain === 0) {
    const ideal = idealProbabilities(shop, observe(shop, asOf), HORIZON_MS);
    add(
      'ideal observer',
      Float64Array.from(test.entities, (id) => ideal[userNumber(id)]),
    );
  }
  for (const { estimator, model, corrections } of fitted.trials) {
    add(estimator.id, (await forecast({ model, corrections }, test.frame, test.asOf)).value);
  }
  return {
    scenario: shop.options.scenario,
    customers: shop.options.customers,
    events: source.rows,
    testAsOf: formatMoment(asOf),
    examples: test.target.length,
    positives: test.target.reduce((sum, y) => sum + y, 0),
    chosen: fitted.chosen.estimator.id,
    figures,
    seconds: (performance.now() - startedMs) / 1000,
  };
}

function compare(predicted: Float64Array, truth: Float64Array, actual: Float64Array): PredictorFigures {
  const rows = predicted.length;
  return {
    mae_to_truth: predicted.reduce((sum, p, i) => sum + Math.abs(p - truth[i]), 0) / rows,
    roc_auc: measure('roc_auc', { actual, predicted }),
    ece: measure('ece', { actual, predicted }),
    ece_to_truth: binnedGap(predicted, truth),
    mean: predicted.reduce((sum, p) => sum + p, 0) / rows,
  };
}

/** Calibration error over ten bins of equal count, against a known probability instead of an outcome. */
function binnedGap(predicted: Float64Array, truth: Float64Array): number {
  const order = Array.from(predicted.keys()).sort((a, b) => predicted[a] - predicted[b]);
  let gap = 0;
  for (let bin = 0; bin < 10; bin++) {
    const rows = order.slice(
      Math.floor((bin * order.length) / 10),
      Math.floor(((bin + 1) * order.length) / 10),
    );
    gap += Math.abs(rows.reduce((sum, row) => sum + predicted[row] - truth[row], 0));
  }
  return gap / order.length;
}
