// Where the head begins: what a linear model makes of the features alone, so that the network only adds what order tells.
import type { Frame } from '../../core/frame.ts';
import type { FitRun, Sample } from '../estimator.ts';
import { type Design, encodeFrame, linearMargin } from '../linear/design.ts';
import { fitLinear } from '../linear/fit-linear.ts';
import { fitHurdle } from '../linear/hurdle.ts';
import { logistic } from '../linear/loss.ts';

/** One linear predictor. */
export interface LinearPart {
  readonly design: Design;
  readonly intercept: number;
  /** [design.width] */
  readonly coefficients: Float64Array;
}

/** A part an answer of the head: the logit, and for amounts the logarithm of what those who spend spend. */
export type Beginning = readonly LinearPart[];

/** @throws AppError NOT_ENOUGH_DATA, INTERRUPTED */
export async function fitBeginning(id: string, train: Sample, run: FitRun): Promise<Beginning> {
  if (train.question.kind === 'amount') {
    const { whether, amount } = await fitHurdle(train, undefined, run, id);
    return [whether, amount].map(partOf);
  }
  return [
    partOf(await fitLinear({ task: id, loss: logistic, lassoShare: 0, capShare: 1 }, train, undefined, run)),
  ];
}

const partOf = ({ design, intercept, coefficients }: LinearPart): LinearPart => ({
  design,
  intercept,
  coefficients,
});

/** Answers of the parts, [rows, parts]. */
export function beginningMargins(parts: Beginning, frame: Frame): Float64Array {
  const margins = new Float64Array(frame.rows * parts.length);
  parts.forEach(({ design, coefficients, intercept }, part) => {
    linearMargin(design, coefficients, intercept, frame).forEach((margin, row) => {
      margins[row * parts.length + part] = margin;
    });
  });
  return margins;
}

/** A coefficient of a flag stands for 0 or 1; a rare flag must not shout. Numbers lie within a few deviations. */
const LARGEST = 5;

/** The features as the first part encodes them, [rows, width]. */
export function encodedFeatures([{ design }]: Beginning, frame: Frame): Float32Array {
  const { width } = design;
  const { dense, indicators } = encodeFrame(design, frame);
  const values = new Float32Array(frame.rows * width);
  for (const column of dense)
    for (let row = 0; row < frame.rows; row++)
      values[row * width + column.at] = Math.max(-LARGEST, Math.min(LARGEST, column.values[row]));
  for (const { codes } of indicators)
    for (let row = 0; row < frame.rows; row++) if (codes[row] >= 0) values[row * width + codes[row]] = 1;
  return values;
}
