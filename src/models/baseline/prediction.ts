// What baselines share: numbers first, margins derived from them.
import type { Frame } from '../../core/frame.ts';
import type { Link, Model, Question, TargetKind } from '../estimator.ts';
import { clampProbability, logit } from '../link.ts';

const SCALES: Readonly<Record<TargetKind, { link: Link; marginOf: (prediction: number) => number }>> = {
  binary: { link: 'logit', marginOf: (p) => logit(clampProbability(p)) },
  amount: { link: 'identity', marginOf: (amount) => amount },
  classes: { link: 'softmax', marginOf: (p) => Math.log(clampProbability(p)) },
};

/**
 * The predicting half of a model whose predictions come first and whose margin is their logit, their logarithm (classes),
 * or themselves.
 */
export function fromPredictions(
  question: Question,
  predict: (frame: Frame) => Float64Array,
): Pick<Model, 'question' | 'link' | 'predict' | 'margin'> {
  const { link, marginOf } = SCALES[question.kind];
  return {
    question,
    link,
    predict: async (frame) => predict(frame),
    margin: async (frame) => predict(frame).map(marginOf),
  };
}

/** What money spread evenly over the horizon is worth at its start: discounted to the middle, a year of 365.25 days. */
export const horizonDiscount = ({ discountPerYear, horizonDays }: Question): number =>
  (1 + discountPerYear) ** (-horizonDays / 2 / 365.25);
