// The logarithm of a softmax's denominator over a whole table, without ever writing the gradient of the scores.

import { AppError } from '../../../core/errors.ts';
import { real } from '../../checks/sample.ts';
import { type AnyOp, apply, type Op, type Tensor } from '../../graph.ts';
import { stretched } from '../../strided.ts';
import { type Axis, describeAxes, describeMismatch } from '../../type.ts';
import { add, mul, sub } from '../arithmetic.ts';
import { matmul } from '../matrix.ts';
import { reshape, sum, sumTo } from '../structure.ts';

type NoAttributes = Record<never, never>;

const logPartitionOp: Op<NoAttributes> = {
  name: 'logPartition',
  infer: ([h, w, b]) => {
    const [states, rows] = [h as Tensor, w as Tensor];
    if (states.shape.length !== 2 || rows.shape.length !== 2)
      throw new AppError('SHAPE', `${shown(states, rows)}: expected two matrices`);
    const [examples, width] = states.axes as readonly [Axis, Axis];
    const [candidates, other] = rows.axes as readonly [Axis, Axis];
    if (width.size !== other.size)
      throw new AppError('SHAPE', `${shown(states, rows)}: ${describeMismatch(width, other)}`);
    if (b !== undefined && b.shape.at(-1) !== candidates.size)
      throw new AppError(
        'SHAPE',
        `${shown(states, rows)}: expected a bias a row, got ${describeAxes(b.axes)}`,
      );
    return [
      { dtype: 'float', axes: [examples] },
      { dtype: 'float', axes: [examples, candidates] },
    ];
  },
  evaluate: ([h, w, b], { inputs, outputs }) => {
    const [examples, candidates] = (outputs[1] as Tensor).shape as readonly [number, number];
    const width = (inputs[0] as Tensor).shape[1] as number;
    const bias = b && stretched(b, (inputs[2] as Tensor).shape, [examples, candidates]);
    const logs = new Float64Array(examples);
    const shares = new Float64Array(examples * candidates);
    for (let i = 0; i < examples; i++) {
      const line = shares.subarray(i * candidates, (i + 1) * candidates);
      for (let j = 0; j < candidates; j++) {
        let score = bias?.[i * candidates + j] ?? 0;
        for (let m = 0; m < width; m++)
          score +=
            ((h as Float64Array)[i * width + m] as number) * ((w as Float64Array)[j * width + m] as number);
        line[j] = score;
      }
      const highest = line.reduce((a, value) => Math.max(a, value), Number.NEGATIVE_INFINITY);
      const total = line.reduce((a, value) => a + Math.exp(value - highest), 0);
      logs[i] = highest + Math.log(total);
      for (let j = 0; j < candidates; j++) line[j] = Math.exp((line[j] as number) - (logs[i] as number));
    }
    return [logs, shares];
  },
  // z = ln Σ_j e^(h·w_j + b_j), p its softmax: dh = dz·(p·W), dW = pᵀ·(dz ∘ h), db = dz ∘ p.
  // dz scales rows of the small side, so the product of all examples and all rows is read and never written again.
  gradient: ({ inputs: [h, w, b], outputs, needs }, [toLog, toShares]) => {
    const [states, rows, shares] = [h as Tensor, w as Tensor, outputs[1] as Tensor];
    if (toShares !== undefined) {
      const direct = mul(shares, sub(toShares, sum(mul(toShares, shares), -1, { keep: true })));
      const toScores = toLog === undefined ? direct : add(direct, mul(column(toLog), shares));
      return [
        needs[0] ? matmul(toScores, rows) : undefined,
        needs[1] ? matmul(toScores, states, { transposeLeft: true }) : undefined,
        b && needs[2] ? sumTo(toScores, b.axes) : undefined,
      ];
    }
    const each = column(toLog as Tensor);
    return [
      needs[0] ? mul(matmul(shares, rows), each) : undefined,
      needs[1] ? matmul(shares, mul(states, each), { transposeLeft: true }) : undefined,
      b && needs[2] ? sumTo(mul(shares, each), b.axes) : undefined,
    ];
  },
  emit: (onnx, names) => {
    const [scores] = onnx.node('Gemm', names, { transB: { int: 1 } });
    const [shares] = onnx.node('Softmax', [scores as string], { axis: { int: -1 } });
    // ln Σ eˢ = max s − ln max p: two readings instead of a second exponential; max p is at least 1 / rows
    const last = onnx.ints([-1]);
    const [highest] = onnx.node('ReduceMax', [scores as string, last], { keepdims: { int: 0 } });
    const [largest] = onnx.node('ReduceMax', [shares as string, last], { keepdims: { int: 0 } });
    const [log] = onnx.node('Log', [largest as string]);
    const [result] = onnx.node('Sub', [highest as string, log as string]);
    return [result as string, shares as string];
  },
  cases: [
    { name: 'plain', inputs: [real(3, 4), real(5, 4)] },
    { name: 'with a bias a row', inputs: [real(3, 4), real(5, 4), real(5)] },
    { name: 'with a bias a pair', inputs: [real(3, 4), real(5, 4), real(3, 5)] },
  ],
};

/**
 * ln Σ_j exp(states·rows_j + bias_j) for each state, and the softmax it is the denominator of.
 *
 * @param states [examples, width]
 * @param rows   [candidates, width]
 * @param bias   [candidates] or [examples, candidates]
 * @returns      log [examples], shares [examples, candidates]
 * @throws AppError SHAPE naming the axes that do not fit
 */
export function logPartition(
  states: Tensor,
  rows: Tensor,
  bias?: Tensor,
): { readonly log: Tensor; readonly shares: Tensor } {
  const inputs = bias === undefined ? [states, rows] : [states, rows, bias];
  const [log, shares] = apply(logPartitionOp, inputs, {}).outputs as readonly [Tensor, Tensor];
  return { log, shares };
}

export const LOG_PARTITION_OPS: readonly AnyOp[] = [logPartitionOp];

function column(x: Tensor): Tensor {
  return reshape(x, [...x.axes, { size: 1 }]);
}

function shown(left: Tensor, right: Tensor): string {
  return `logPartition: ${describeAxes(left.axes)} · ${describeAxes(right.axes)}`;
}
