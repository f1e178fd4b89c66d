// Softmax cross-entropy of scores that are already there.

import { AppError } from '../../../core/errors.ts';
import { between, indices, real } from '../../checks/sample.ts';
import { type AnyOp, apply, applyOne, type Op, type Tensor } from '../../graph.ts';
import { describeAxes, sameSizes } from '../../type.ts';
import { mul, neg } from '../arithmetic.ts';
import { gatherElements } from '../indexing.ts';
import { reshape } from '../structure.ts';

type NoAttributes = Record<never, never>;

const addAtOp: Op<NoAttributes> = {
  name: 'addAt',
  infer: ([x]) => [x as Tensor],
  evaluate: ([x, places, values], { inputs }) => {
    const width = (inputs[0] as Tensor).shape.at(-1) as number;
    const out = (x as Float64Array).slice();
    for (const [row, place] of (places as Float64Array).entries()) {
      const at = row * width + place;
      out[at] = (out[at] as number) + ((values as Float64Array)[row] as number);
    }
    return [out];
  },
  gradient: ({ inputs: [, places] }, [g]) => [
    g,
    undefined,
    reshape(gatherElements(g as Tensor, column(places as Tensor)), (places as Tensor).axes),
  ],
  // one place a row, so that no two threads meet at one
  emit: (onnx, [x, places, values]) => {
    const last = onnx.ints([-1]);
    const [at] = onnx.node('Unsqueeze', [places as string, last]) as [string];
    const [added] = onnx.node('Unsqueeze', [values as string, last]) as [string];
    return onnx.node('ScatterElements', [x as string, at, added], {
      axis: { int: -1 },
      reduction: { string: 'add' },
    });
  },
  cases: [
    { inputs: [real(3, 4), indices(4, 3), real(3)] },
    { inputs: [real(2, 3, 4), indices(4, 2, 3), real(2, 3)] },
  ],
};

const softmaxCrossEntropyOp: Op<NoAttributes> = {
  name: 'softmaxCrossEntropy',
  // the second output is the softmax, kept for the gradient
  results: 1,
  infer: ([logits, targets]) => {
    const scores = logits as Tensor;
    const { shape, axes } = targets as Tensor;
    if (scores.shape.length === 0 || !sameSizes(shape, scores.shape.slice(0, -1)))
      throw new AppError(
        'SHAPE',
        `softmaxCrossEntropy: ${describeAxes(scores.axes)} · ${describeAxes(axes)}: expected a target for each row of scores`,
      );
    return [{ dtype: 'float', axes: scores.axes.slice(0, -1) }, scores];
  },
  evaluate: ([logits, targets], { inputs }) => {
    const width = (inputs[0] as Tensor).shape.at(-1) as number;
    const losses = new Float64Array((targets as Float64Array).length);
    const shares = new Float64Array((logits as Float64Array).length);
    for (const [row, target] of (targets as Float64Array).entries()) {
      const scores = (logits as Float64Array).subarray(row * width, (row + 1) * width);
      const highest = scores.reduce((a, b) => Math.max(a, b));
      const log = highest + Math.log(scores.reduce((total, s) => total + Math.exp(s - highest), 0));
      losses[row] = log - (scores[target] as number);
      shares.set(
        scores.map((s) => Math.exp(s - log)),
        row * width,
      );
    }
    return [losses, shares];
  },
  // g·(p − 1 at the target): two passes over the scores, without a one-hot matrix
  gradient: ({ inputs: [, targets], outputs: [, shares] }, [g]) => {
    const upstream = g as Tensor;
    const scaled = mul(shares as Tensor, column(upstream));
    return [applyOne(addAtOp, [scaled, targets as Tensor, neg(upstream)], {}), undefined];
  },
  emit: (onnx, [logits, targets]) => {
    const scores = logits as string;
    const last = onnx.ints([-1]);
    const [highest] = onnx.node('ReduceMax', [scores, last]) as [string];
    const [shares] = onnx.node('Softmax', [scores], { axis: { int: -1 } }) as [string];
    // ln Σ eˢ = max s − ln max p: two readings instead of a second exponential
    const [largest] = onnx.node('ReduceMax', [shares, last]) as [string];
    const [rest] = onnx.node('Log', [largest]) as [string];
    const [log] = onnx.node('Sub', [highest, rest]) as [string];
    const [at] = onnx.node('Unsqueeze', [targets as string, last]) as [string];
    const [taken] = onnx.node('GatherElements', [scores, at], { axis: { int: -1 } }) as [string];
    const [loss] = onnx.node('Sub', [log, taken]) as [string];
    return [onnx.node('Squeeze', [loss, last])[0] as string, shares];
  },
  cases: [
    { inputs: [real(4, 5), indices(5, 4)] },
    { inputs: [real(2, 3, 4), indices(4, 2, 3)] },
    { name: 'scores whose exponential overflows', inputs: [between(-200, 200, 3, 4), indices(4, 3)] },
  ],
};

export const CROSS_ENTROPY_OPS: readonly AnyOp[] = [addAtOp, softmaxCrossEntropyOp];

/**
 * −ln softmax(logits)[target] for each row, without overflow.
 *
 * @param logits  [..., classes]
 * @param targets [...], int32, from 0
 * @returns       [...]
 * @throws AppError SHAPE when there is not one target a row
 */
export function softmaxCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  return apply(softmaxCrossEntropyOp, [logits, targets], {}).outputs[0] as Tensor;
}

function column(x: Tensor): Tensor {
  return reshape(x, [...x.axes, { size: 1 }]);
}
