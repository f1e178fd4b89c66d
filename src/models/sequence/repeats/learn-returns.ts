// Learns on held-out cases how often people come back to what they had, to which of it, and how sharp the base's scores are.
import { minimizeWithPauses } from '../../../core/minimize.ts';
import { pause } from '../../../core/pause.ts';
import { type NextItemCases, takeSequences } from '../../../core/sequences.ts';
import type { FitRun } from '../../estimator.ts';
import { knownItems } from '../classical/evidence.ts';
import { someCases } from '../held-out-cases.ts';
import type { NextItemModel } from '../recommender.ts';
import { bestTemperature, TEMPERATURES } from '../softmax-row.ts';
import {
  CHOICE_FEATURES,
  CHOICE_PRIOR,
  choiceFeatures,
  ownItemsOf,
  RETURN_FEATURES,
  RETURN_PRIOR,
  returnFeatures,
} from './own-items.ts';
import type { Returns } from './returns.ts';
import { dot } from './returns.ts';
import { ownLogOdds, splitScores } from './split-scores.ts';

/** One number needs fewer cases than eleven weights, and costs a softmax of the catalogue for each value tried. */
const TEMPERATURE_CASES = 500;

/** Strength with which weights are held to those that leave the base as it is, in cases. */
const RIDGE = 1;

/** What a case says at one temperature. */
interface Reading {
  readonly returned: boolean;
  /** [features] */
  readonly features: Float64Array;
  /** Of a target among the own items: its place, and the features of all of them. */
  readonly choice?: { readonly place: number; readonly features: Float64Array };
  /** Log share of a target that is new, among all that are new. */
  readonly newLogShare?: number;
}

/** Items the base says never to come would be infinitely unlikely, which no weight can learn from. */
const LEAST_LOG_SHARE = -50;

/** Scores held at once while cases are read. */
const SCORES_AT_ONCE = 1 << 22;

/**
 * @param cases sorted; those with an unknown target or nothing known before it teach nothing
 * @param returns logits of coming back to each item, [items]
 * @throws AppError INTERRUPTED
 */
export async function learnReturns(
  base: NextItemModel,
  cases: NextItemCases,
  returns: Float32Array,
  run: FitRun,
): Promise<Returns> {
  const tried = await readCases(base, someCases(cases, TEMPERATURE_CASES), {
    returns,
    temperatures: TEMPERATURES,
    run,
  });
  const temperature = sharpest(tried);
  const [own] = await readCases(base, cases, { returns, temperatures: [temperature], run });
  const turn = (): Promise<void> => pause(run.signal);
  const whether = await minimizeWithPauses(
    (weights, gradient) => returnLoss(own, weights, gradient),
    RETURN_PRIOR,
    turn,
  );
  const which = await minimizeWithPauses(
    (weights, gradient) => choiceLoss(own, weights, gradient),
    CHOICE_PRIOR,
    turn,
  );
  return { temperature, returnWeights: [...whether.point], choiceWeights: [...which.point] };
}

/** Readings by temperature, then by case. */
async function readCases(
  base: NextItemModel,
  { before, targets }: NextItemCases,
  {
    returns,
    temperatures,
    run,
  }: { readonly returns: Float32Array; readonly temperatures: readonly number[]; readonly run: FitRun },
): Promise<readonly (readonly Reading[])[]> {
  const items = base.itemIds.length;
  const readings: Reading[][] = temperatures.map(() => []);
  const atOnce = Math.max(1, Math.floor(SCORES_AT_ONCE / items));
  for (let from = 0; from < targets.length; from += atOnce) {
    await pause(run.signal);
    run.progress.step({ task: 'returns', done: from, total: targets.length, unit: 'cases' });
    const rows = Array.from({ length: Math.min(atOnce, targets.length - from) }, (_, i) => from + i);
    const part = takeSequences(before, rows);
    const scores = await base.score(part);
    rows.forEach((row, i) => {
      const history = knownItems(part, i, items);
      const [target, scored] = [targets[row], scores.subarray(i * items, (i + 1) * items)];
      if (history.length === 0 || target < 0 || scored[target] === Number.NEGATIVE_INFINITY) return;
      temperatures.forEach((temperature, t) => {
        const reading = readCase(history, target, { scored, returns, temperature });
        if (reading) readings[t].push(reading);
      });
    });
  }
  return readings;
}

function readCase(
  history: Int32Array,
  target: number,
  {
    scored,
    returns,
    temperature,
  }: { readonly scored: Float32Array; readonly returns: Float32Array; readonly temperature: number },
): Reading | undefined {
  const own = ownItemsOf(history);
  const split = splitScores(scored, own.items, temperature);
  if (split.ownLogSum === Number.NEGATIVE_INFINITY || split.othersLogSum === Number.NEGATIVE_INFINITY) return;
  const features = returnFeatures(own, ownLogOdds(split), returns);
  const place = own.items.indexOf(target);
  if (place < 0) {
    return { returned: false, features, newLogShare: scored[target] / temperature - split.othersLogSum };
  }
  const logShares = Float64Array.from(own.items, (item) =>
    Math.max(LEAST_LOG_SHARE, scored[item] / temperature - split.ownLogSum),
  );
  return { returned: true, features, choice: { place, features: choiceFeatures(own, logShares, returns) } };
}

/** The temperature under which new targets were likeliest. */
const sharpest = (readings: readonly (readonly Reading[])[]): number =>
  bestTemperature(readings.map((own) => own.reduce((sum, { newLogShare = 0 }) => sum + newLogShare, 0)));

/** Cross-entropy of whether the target is an own item, held to the prior. */
export function returnLoss(
  readings: readonly Pick<Reading, 'returned' | 'features'>[],
  weights: Float64Array,
  gradient: Float64Array,
): number {
  let loss = hold(weights, gradient, RETURN_PRIOR);
  for (const { returned, features } of readings) {
    const margin = dot(weights, features, 0);
    const signed = returned ? margin : -margin;
    loss += signed > 0 ? Math.log1p(Math.exp(-signed)) : Math.log1p(Math.exp(signed)) - signed;
    const residual = 1 / (1 + Math.exp(-margin)) - (returned ? 1 : 0);
    for (let k = 0; k < RETURN_FEATURES; k++) gradient[k] += residual * features[k];
  }
  return loss;
}

/** Cross-entropy of which own item the target is (a conditional logit), held to the prior. */
export function choiceLoss(
  readings: readonly Pick<Reading, 'choice'>[],
  weights: Float64Array,
  gradient: Float64Array,
): number {
  let loss = hold(weights, gradient, CHOICE_PRIOR);
  for (const { choice } of readings) {
    if (!choice) continue;
    const { features, place } = choice;
    const margins = Float64Array.from({ length: features.length / CHOICE_FEATURES }, (_, i) =>
      dot(weights, features, i * CHOICE_FEATURES),
    );
    const top = Math.max(...margins);
    let sum = 0;
    for (const margin of margins) sum += Math.exp(margin - top);
    loss += top + Math.log(sum) - margins[place];
    margins.forEach((margin, i) => {
      const residual = Math.exp(margin - top) / sum - (i === place ? 1 : 0);
      for (let k = 0; k < CHOICE_FEATURES; k++) gradient[k] += residual * features[i * CHOICE_FEATURES + k];
    });
  }
  return loss;
}

/** ½ ridge · |weights − prior|², its gradient written. */
function hold(weights: Float64Array, gradient: Float64Array, prior: readonly number[]): number {
  let loss = 0;
  for (let k = 0; k < weights.length; k++) {
    gradient[k] = RIDGE * (weights[k] - prior[k]);
    loss += 0.5 * RIDGE * (weights[k] - prior[k]) ** 2;
  }
  return loss;
}
