// One estimator learned from a sample and asked about a test: what it said, what it took, and whether its network had a say.
import { silent } from '../../src/core/progress.ts';
import { comparePredictions } from '../../src/eval/compare-predictions.ts';
import { scoreBinary } from '../../src/eval/evaluate-predictions.ts';
import type { Score } from '../../src/eval/score.ts';
import { onTrunk } from '../../src/models/behaviour/behaviour.ts';
import { estimatorById, fitModel } from '../../src/models/catalogue.ts';
import type { Estimator, Model, Sample, Settings } from '../../src/models/estimator.ts';
import type { PretrainedTrunk } from '../../src/train/pretrained.ts';
import { holding } from './peak-memory.ts';

/** By id, told settings and on a trunk where it is one that takes them. */
export function estimatorOn(id: string, settings: Settings, pretrained?: PretrainedTrunk): Estimator {
  const own = estimatorById(id);
  if (!own.readsEvents) return own;
  const told = own.withSettings?.(settings) ?? own;
  return pretrained ? onTrunk(told, pretrained.trunk) : told;
}

export interface Answered {
  readonly model: Model;
  /** Of the test, uncalibrated, [rows]. */
  readonly said: Float64Array;
  readonly fitSeconds: number;
  readonly peakMb?: number;
  readonly grownMb?: number;
  /** False where held-out customers were told no better by the network, and the features answer alone. */
  readonly hasSay: boolean;
}

export async function fitAndAsk(
  estimator: Estimator,
  train: Sample,
  test: Sample,
  { seed, threads }: { seed: number; threads: number },
): Promise<Answered> {
  const held = await holding(() =>
    fitModel(estimator, train, undefined, { seed, threads, progress: silent }),
  );
  const { result: model, seconds: fitSeconds, peakMb, grownMb } = held;
  const answer = estimator.readsEvents ? model.save().arrays?.['weight.head.answer.weight'] : undefined;
  return {
    ...{ model, fitSeconds, peakMb, grownMb },
    said: await model.predict(test.frame),
    hasSay: answer?.some((weight) => weight !== 0) ?? false,
  };
}

/** @returns the area under the curve over the test, customers drawn */
export const aucOf = (test: Sample, said: Float64Array, seed: number): Score => {
  const { roc_auc } = scoreBinary(
    { entities: test.entities, actual: test.target, predicted: said },
    { seed },
  ).scores;
  if (!roc_auc) throw new Error('expected a test with both outcomes; take more customers');
  return roc_auc;
};

/** First less second, on the same draws of customers. */
export const aucDifference = (
  test: Sample,
  [first, second]: readonly [Float64Array, Float64Array],
  seed: number,
): Score =>
  comparePredictions({ entities: test.entities, actual: test.target, first, second }, 'roc_auc', { seed })
    .difference;
