// CDNOW: the customer-base models against published numbers, and churn over the hold-out.
import { makeFrame, type NumberColumn } from '../src/core/frame.ts';
import { name } from '../src/core/name.ts';
import { silent } from '../src/core/progress.ts';
import { applyCalibrator, fitCalibrator } from '../src/eval/calibration/calibrator.ts';
import { equalCountEce, equalWidthEce, rocAuc } from '../src/eval/metrics/binary.ts';
import type { Predictions } from '../src/eval/metrics/predictions.ts';
import { fitModel } from '../src/models/catalogue.ts';
import { BG_NBD, MBG_NBD } from '../src/models/customer-base/bg-nbd.ts';
import { bgNbd, mbgNbd, paretoNbd } from '../src/models/customer-base/estimators.ts';
import { expectedPurchases, type Family, purchaseProbability } from '../src/models/customer-base/family.ts';
import { type BehaviourFit, fitBehaviour } from '../src/models/customer-base/fit-behaviour.ts';
import { fitGammaGamma } from '../src/models/customer-base/gamma-gamma.ts';
import { PARETO_NBD } from '../src/models/customer-base/pareto-nbd.ts';
import { type Customer, gatherHistory } from '../src/models/customer-base/purchase-history.ts';
import type { Estimator, Question, Sample } from '../src/models/estimator.ts';
import { customerFolds, foldRows, takeSample } from '../src/models/sample.ts';
import { atLeast, atMost, type Bench, type Target, within } from './bench.ts';
import { type CdnowCustomers, HOLDOUT_WEEKS, readCdnow } from './cdnow-data.ts';

const FOLDS = 10;
/** Draws of the folds: one alone mixes the levels of ten different fits. */
const REPEATS = 5;
/** Within the training folds, for calibration. */
const INNER_FOLDS = 5;

const FAMILIES = [BG_NBD, MBG_NBD, PARETO_NBD] as readonly Family<string>[];
const ESTIMATORS = [bgNbd, mbgNbd, paretoNbd];

/** All parameters by plain maximum likelihood, predictions with the weak prior the product uses. */
export const bench: Bench = async ({ seed, threads, log }) => {
  const cdnow = readCdnow();
  const customers = customersOf(cdnow);
  const history = gatherHistory({
    frequency: customers.map((own) => own.frequency),
    recency: customers.map((own) => own.recency),
    T: customers.map((own) => own.T),
  });
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  const stayed = cdnow.holdoutPurchases.map((purchases) => Number(purchases === 0));

  for (const family of FAMILIES) {
    const startedMs = performance.now();
    const plain = await fitBehaviour(family, history, { priorStrength: 0 });
    const seconds = (performance.now() - startedMs) / 1000;
    const held = await fitBehaviour(family, history);
    const expected = Float64Array.from(customers, (own) =>
      expectedPurchases(family, held.parameters, own, HOLDOUT_WEEKS),
    );
    const leaves = Float64Array.from(
      customers,
      (own) => 1 - purchaseProbability(family, held.parameters, own, HOLDOUT_WEEKS),
    );
    const oneTimers = [28, 32, 38].map((T) =>
      purchaseProbability(family, held.parameters, { frequency: 0, recency: 0, T }, HOLDOUT_WEEKS),
    );
    figures[family.id] = {
      maximum_likelihood: { ...plain.parameters, log_likelihood: plain.logLikelihood },
      weak_prior: { ...held.parameters, log_likelihood: held.logLikelihood },
      seconds_to_fit: seconds,
      holdout_purchases: { mae: meanError(expected, cdnow.holdoutPurchases), expected: sum(expected) },
      churn_by_model_alone: churnScores({ actual: stayed, predicted: leaves }),
      buys_again_after_one_purchase_28_32_38_weeks_ago: oneTimers,
    };
    log(`${family.id}: LL ${plain.logLikelihood.toFixed(3)}`);
    targets.push(...publishedTargets(family.id, plain));
    targets.push(
      atMost(`${family.id}: one-time buyers, P(buys) at 38 weeks / at 28`, oneTimers[2] / oneTimers[0], 0.95),
    );
    if (family.id === 'pareto-nbd') {
      targets.push(
        atMost(
          'pareto-nbd: MAE of purchases in the 39-week hold-out',
          meanError(expected, cdnow.holdoutPurchases),
          0.755,
          'conditional expectation, parameters from calibration weeks only',
        ),
      );
    }
  }
  const money = await fitGammaGamma(
    { purchases: cdnow.frequency, money: cdnow.monetary.map((cents) => cents / 100) },
    { priorStrength: 0 },
  );
  figures['gamma-gamma'] = { ...money.parameters, log_likelihood: money.logLikelihood };
  targets.push(within('gamma-gamma: p', money.parameters.p, 6.245, 6.255, 'published 6.25'));
  targets.push(within('gamma-gamma: q', money.parameters.q, 3.735, 3.745, 'published 3.74'));
  targets.push(within('gamma-gamma: v', money.parameters.v, 15.435, 15.45, 'published 15.44'));

  const sample = churnSample(cdnow, stayed);
  for (const estimator of ESTIMATORS) {
    const runs: CrossFit[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      runs.push(await crossFitChurn(estimator, sample, { seed: seed + repeat, threads }));
    }
    const averaged = meanOver(runs.map(({ calibrated }) => calibrated));
    const scores = churnScores({ actual: stayed, predicted: averaged });
    const onePass = runs.map(
      ({ calibrated }) => churnScores({ actual: stayed, predicted: calibrated }).roc_auc,
    );
    figures[`${estimator.id}: churn, cross-fitted`] = {
      averaged_over_repeats: scores,
      one_pass_roc_auc: onePass,
      roc_auc_within_folds: runs.map(({ aucWithinFolds }) => aucWithinFolds),
      uncalibrated: churnScores({
        actual: stayed,
        predicted: meanOver(runs.map(({ corrected }) => corrected)),
      }),
    };
    log(`${estimator.id}: churn AUC ${scores.roc_auc.toFixed(4)}, one pass ${onePass[0].toFixed(4)}`);
    targets.push(
      atLeast(
        `${estimator.id}: churn ROC AUC`,
        scores.roc_auc,
        0.779,
        `every customer held out ${REPEATS} times, predictions averaged; one pass pooled ${onePass[0].toFixed(4)}, mean within its folds ${runs[0].aucWithinFolds.toFixed(4)}`,
      ),
    );
    targets.push(
      atMost(`${estimator.id}: churn ECE`, scores.ece_equal_count, 0.03, '10 bins of equal count'),
    );
  }
  return {
    bench: 'cdnow',
    protocol:
      'CDNOW 1/10 sample, 2357 customers; histories to 1997-09-30, hold-out the next 39 weeks; purchases of a day count as one. ' +
      `Churn = P(no purchase in the hold-out): held-out customers of the same origin, ${FOLDS} folds by customer; behaviour, ` +
      'correction and Platt calibration learned on the other folds (calibration on out-of-fold predictions within them); ' +
      `the history is too short for a training horizon before the test. The folds are drawn ${REPEATS} times and a customer’s held-out predictions averaged. ` +
      '`churn_by_model_alone` uses no hold-out outcome at all.',
    targets,
    figures,
  };
};

function customersOf({ frequency, recency, T }: CdnowCustomers): readonly Customer[] {
  return Array.from(frequency, (x, i) => ({ frequency: x, recency: recency[i] / 7, T: T[i] / 7 }));
}

function publishedTargets(id: string, { parameters, logLikelihood }: BehaviourFit<string>): Target[] {
  const close = (letter: string, published: number) =>
    within(
      `${id}: ${letter}`,
      parameters[letter],
      Number((published - 0.001).toFixed(3)),
      Number((published + 0.001).toFixed(3)),
      'Fader, Hardie, Lee 2005',
    );
  if (id === 'bg-nbd') {
    return [
      ...Object.entries({ r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 }).map(([letter, value]) =>
        close(letter, value),
      ),
      within('bg-nbd: log-likelihood', logLikelihood, -9582.48, -9582.38),
    ];
  }
  return id === 'pareto-nbd' ? [within('pareto-nbd: log-likelihood', logLikelihood, -9595.02, -9594.92)] : [];
}

function churnSample(cdnow: CdnowCustomers, stayed: Float64Array): Sample {
  const column = (key: 'frequency' | 'recency' | 'T'): NumberColumn => ({
    kind: 'number',
    name: key,
    label: name(key, key),
    unit: key === 'frequency' ? 'count' : 'days',
    group: key,
    values: cdnow[key],
  });
  const question: Question = {
    kind: 'binary',
    outcome: 'leaves',
    horizonDays: 7 * HOLDOUT_WEEKS,
    discountPerYear: 0,
  };
  return {
    question,
    frame: makeFrame([column('frequency'), column('recency'), column('T')]),
    entities: Array.from(stayed, (_, i) => `customer ${i}`),
    asOf: new Float64Array(stayed.length).fill(Date.UTC(1997, 9, 1)),
    target: stayed,
  };
}

interface CrossFit {
  readonly corrected: Float64Array;
  readonly calibrated: Float64Array;
  readonly aucWithinFolds: number;
}

const meanOver = (runs: readonly Float64Array[]): Float64Array =>
  runs[0].map((_, i) => runs.reduce((all, values) => all + values[i], 0) / runs.length);

/** Predictions for every customer by a model, and a calibration, that never saw that customer's outcome. */
async function crossFitChurn(
  estimator: Estimator,
  sample: Sample,
  { seed, threads }: { seed: number; threads: number },
): Promise<CrossFit> {
  const outOfFold = async (own: Sample, count: number, each?: EachFold): Promise<Float64Array> => {
    const predicted = new Float64Array(own.frame.rows);
    const folds = customerFolds(own.entities, count, seed);
    for (let fold = 0; fold < count; fold++) {
      const { inside, outside } = foldRows(folds, fold);
      const train = takeSample(own, outside);
      const model = await fitModel(estimator, train, undefined, { seed, threads, progress: silent });
      const values = await model.predict(takeSample(own, inside).frame);
      inside.forEach((row, k) => {
        predicted[row] = values[k];
      });
      await each?.(train, inside, values);
    }
    return predicted;
  };
  const calibrated = new Float64Array(sample.frame.rows);
  const aucs: number[] = [];
  const corrected = await outOfFold(sample, FOLDS, async (train, inside, values) => {
    const inner = await outOfFold(train, INNER_FOLDS);
    const calibrator = fitCalibrator('platt', { actual: train.target, predicted: inner });
    const own = applyCalibrator(calibrator, values);
    const actual = Float64Array.from(inside, (row) => sample.target[row]);
    aucs.push(churnScores({ actual, predicted: own }).roc_auc);
    inside.forEach((row, k) => {
      calibrated[row] = own[k];
    });
  });
  return { corrected, calibrated, aucWithinFolds: sum(Float64Array.from(aucs)) / aucs.length };
}

type EachFold = (train: Sample, inside: readonly number[], values: Float64Array) => Promise<void>;

function churnScores(predictions: Predictions) {
  const weight = new Float64Array(predictions.actual.length).fill(1);
  return {
    roc_auc: rocAuc(predictions)(weight),
    ece_equal_count: equalCountEce(predictions)(weight),
    ece_equal_width: equalWidthEce(predictions)(weight),
  };
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

const meanError = (predicted: Float64Array, actual: Float64Array): number =>
  sum(predicted.map((value, i) => Math.abs(value - actual[i]))) / predicted.length;
