// A fitted linear predictor as a Model: design + coefficients, with exact contributions.
import type { Frame } from '../../core/frame.ts';
import { fromMargin, type Link, type Model, type Question, type SavedModel } from '../estimator.ts';
import { asJson, readArray, readState, type SavedState } from '../saved.ts';
import { type Design, linearAttribution, linearMargin } from './design.ts';

const FORMAT = 1;

interface LinearState extends SavedState {
  readonly link: Link;
  readonly design: Design;
  readonly intercept: number;
}

export interface LinearParts {
  readonly question: Question;
  readonly link: Link;
  readonly design: Design;
  readonly intercept: number;
  /** [design.width] */
  readonly coefficients: Float64Array;
  /** Training means of the encoded columns, [design.width]. */
  readonly means: Float64Array;
}

export function linearModel(estimator: string, parts: LinearParts): Model {
  const { question, link, design, intercept, coefficients, means } = parts;
  const margin = (frame: Frame) => linearMargin(design, coefficients, intercept, frame);
  return {
    estimator,
    question,
    link,
    inputs: design.encodings.map((encoding) => encoding.name),
    predict: async (frame) => fromMargin(link, margin(frame)),
    margin: async (frame) => margin(frame),
    attribute: async (frame) => linearAttribution(design, parts, frame),
    save: () => ({
      estimator,
      format: FORMAT,
      state: asJson({ question, link, design, intercept }),
      arrays: { coefficients, means },
    }),
  };
}

export function loadLinearModel(estimator: string, saved: SavedModel): Model {
  const state = readState<LinearState>(saved, estimator, FORMAT, ['link', 'design', 'intercept']);
  const { width } = state.design;
  return linearModel(estimator, {
    ...state,
    coefficients: readArray(saved, 'coefficients', width),
    means: readArray(saved, 'means', width),
  });
}
