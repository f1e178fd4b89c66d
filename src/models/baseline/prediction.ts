// What baselines share: numbers first, margins derived from them.
import type { Frame } from '../../core/frame.ts';
import type { Model, Question } from '../estimator.ts';
import { clampProbability, logit } from '../link.ts';

/** The predicting half of a model whose predictions come first and whose margin is their logit, or themselves. */
export function fromPredictions(
  question: Question,
  predict: (frame: Frame) => Float64Array,
): Pick<Model, 'question' | 'link' | 'predict' | 'margin'> {
  const binary = question.kind === 'binary';
  return {
    question,
    link: binary ? 'logit' : 'identity',
    predict: async (frame) => predict(frame),
    margin: async (frame) => {
      const values = predict(frame);
      return binary ? values.map((p) => logit(clampProbability(p))) : values;
    },
  };
}

/** What money spread evenly over the horizon is worth at its start: discounted to the middle, a year of 365.25 days. */
export const horizonDiscount = ({ discountPerYear, horizonDays }: Question): number =>
  (1 + discountPerYear) ** (-horizonDays / 2 / 365.25);
