// A gated recurrent unit over a whole sequence: two rows that walk through time, and everything else in large pieces.
// Unrolled, because that trains faster than onnxruntime's own GRU, which keeps no gates for the way back.

import { AppError } from '../../core/errors.ts';
import { flags, real } from '../checks/sample.ts';
import {
  type AnyOp,
  apply,
  applyOne,
  type Cotangent,
  type Emitter,
  type Node,
  type Op,
  type Tensor,
} from '../graph.ts';
import { type Axis, describeAxes, describeMismatch } from '../type.ts';
import { sigmoid, tanh } from './activations.ts';
import { add, cast, mul, sub } from './arithmetic.ts';
import { greater } from './comparison.ts';
import { constant } from './leaf.ts';
import { matmul } from './matrix.ts';
import { concat, reshape, slice, split, sum, transpose } from './structure.ts';

type NoAttributes = Record<never, never>;

/** Columns in the order reset, update, candidate, as PyTorch has them (its matrices transposed). */
export interface GruWeights {
  /** [width, 3 · hidden] */
  readonly input: Tensor;
  /** [hidden, 3 · hidden] */
  readonly hidden: Tensor;
  /** [3 · hidden] */
  readonly inputBias: Tensor;
  /** [3 · hidden] */
  readonly hiddenBias: Tensor;
}

export interface GruOptions {
  /** [batch, time], 1 = real event, 0 = padding: the state passes over padding unchanged. */
  readonly mask?: Tensor;
  /** [batch, hidden], the state before the first event; zeros by default. */
  readonly start?: Tensor;
}

export interface GruStates {
  /** [batch, time, hidden] */
  readonly states: Tensor;
  /** [batch, hidden], the state after the last real event */
  readonly last: Tensor;
}

/**
 * Gated recurrent unit, the reset gate applied after the product as in PyTorch and cuDNN:
 * r, u = σ(x·W + h·R + b), n = tanh(x·Wₙ + bₙ + r∘(h·Rₙ + cₙ)), h' = (1 − u)∘n + u∘h.
 *
 * @param x [batch, time, width]
 * @throws AppError SHAPE when the weights do not fit
 * @see Cho et al. 2014, arXiv:1406.1078
 */
export function gru(x: Tensor, weights: GruWeights, { mask, start }: GruOptions = {}): GruStates {
  const [batch, time, width] = x.axes as readonly [Axis, Axis, Axis];
  const hidden = weights.hidden.shape[0] as number;
  requireWeights(x, weights);
  const flat = reshape(transpose(x, [1, 0, 2]), [time.size * batch.size, width.size]);
  // The biases of both gates only ever add up; the candidate's second one is multiplied by the reset gate.
  const [inputGates, inputCandidate] = split(weights.input, 1, [2 * hidden, hidden]) as [Tensor, Tensor];
  const [gateBias, candidateBias] = split(weights.inputBias, 0, [2 * hidden, hidden]) as [Tensor, Tensor];
  const [moreGateBias, innerBias] = split(weights.hiddenBias, 0, [2 * hidden, hidden]) as [Tensor, Tensor];
  const gates = add(matmul(flat, inputGates), add(gateBias, moreGateBias));
  const candidate = add(matmul(flat, inputCandidate), candidateBias);
  const first = start ?? constant(new Float64Array(batch.size * hidden), [batch.size, hidden]);
  const kept = mask === undefined ? [] : [reshape(greater(transpose(mask), 0.5), [time, batch, { size: 1 }])];
  const inTime = applyOne(
    gruOp,
    [
      reshape(gates, [time, batch, { size: 2 * hidden }]),
      reshape(candidate, [time, batch, { size: hidden }]),
      weights.hidden,
      innerBias,
      first,
      ...kept,
    ],
    {},
  );
  const last = slice(inTime, 0, -1);
  return {
    states: transpose(inTime, [1, 0, 2]),
    last: reshape(last, [batch, { size: hidden }]),
  };
}

/** Which events are real, [batch, time], when the first `lengths[i]` are: what `mask` takes. */
export function maskOfLengths(lengths: Tensor, time: number): Tensor {
  const places = constant(
    Float64Array.from({ length: time }, (_, t) => t),
    [time],
    lengths.dtype,
  );
  return cast(greater(reshape(lengths, [...lengths.axes, { size: 1 }]), places), 'float');
}

function requireWeights(x: Tensor, { input, hidden, inputBias, hiddenBias }: GruWeights): void {
  const shown = `gru: ${describeAxes(x.axes)} by ${describeAxes(input.axes)} and ${describeAxes(hidden.axes)}`;
  if (x.shape.length !== 3 || input.shape.length !== 2 || hidden.shape.length !== 2)
    throw new AppError(
      'SHAPE',
      `${shown}: expected [batch, time, width], [width, 3·hidden], [hidden, 3·hidden]`,
    );
  const [width, inputColumns] = input.axes as readonly [Axis, Axis];
  const [size, columns] = hidden.axes as readonly [Axis, Axis];
  if (x.shape[2] !== width.size)
    throw new AppError('SHAPE', `${shown}: ${describeMismatch(x.axes[2] as Axis, width)}`);
  for (const found of [inputColumns, columns, ...inputBias.axes, ...hiddenBias.axes])
    if (found.size !== 3 * size.size)
      throw new AppError(
        'SHAPE',
        `${shown}: expected 3 · ${size.size} columns and biases, got ${found.size}`,
      );
}

// Inputs: gates [time, batch, 2·hidden], candidate [time, batch, hidden], weight [hidden, 3·hidden], inner bias
// [hidden], start [batch, hidden], and perhaps kept [time, batch, 1]. Output: states [time, batch, hidden].
const gruOp: Op<NoAttributes> = {
  name: 'gru',
  infer: ([, candidate]) => [{ dtype: 'float', axes: (candidate as Tensor).axes }],
  evaluate: ([gates, candidate, weight, bias, start, kept], { outputs }) => {
    const [time, batch, hidden] = (outputs[0] as Tensor).shape as readonly [number, number, number];
    const states = new Float64Array(time * batch * hidden);
    for (let row = 0; row < time * batch; row++) {
      const before =
        row < batch
          ? (start as Float64Array).subarray(row * hidden, (row + 1) * hidden)
          : states.subarray((row - batch) * hidden, (row - batch + 1) * hidden);
      for (let j = 0; j < hidden; j++) {
        const product = (column: number): number => {
          let total = 0;
          for (let i = 0; i < hidden; i++)
            total += (before[i] as number) * ((weight as Float64Array)[i * 3 * hidden + column] as number);
          return total;
        };
        const gate = (column: number): number =>
          1 /
          (1 + Math.exp(-((gates as Float64Array)[row * 2 * hidden + column] as number) - product(column)));
        const inner = product(2 * hidden + j) + ((bias as Float64Array)[j] as number);
        const n = Math.tanh(((candidate as Float64Array)[row * hidden + j] as number) + gate(j) * inner);
        const u = kept?.[row] === 0 ? 1 : gate(hidden + j);
        states[row * hidden + j] = (1 - u) * n + u * (before[j] as number);
      }
    }
    return [states];
  },
  gradient: gruGradient,
  emit: emitGru,
  cases: [
    { name: 'all real', inputs: [real(3, 2, 8), real(3, 2, 4), real(4, 12), real(4), real(2, 4)] },
    {
      name: 'some padding',
      inputs: [
        real(4, 3, 4),
        real(4, 3, 2),
        real(2, 6),
        real(2),
        real(3, 2),
        { ...flags(4, 3, 1), values: [0, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1, 0] },
      ],
    },
    { name: 'one event', inputs: [real(1, 2, 4), real(1, 2, 2), real(2, 6), real(2), real(2, 2)] },
  ],
};

/**
 * Gates are computed again from the states, for all times at once. The only thing that must walk back in time is
 * dh = g + keep∘dh' + (dh'∘slopes)·Rᵀ, where ' is one step later: that is the second row.
 */
function gruGradient(
  { inputs, outputs, needs }: Pick<Node, 'inputs' | 'outputs'> & { readonly needs: readonly boolean[] },
  [g]: readonly (Tensor | undefined)[],
): readonly Cotangent[] {
  const [gates, candidate, weight, bias, start, kept] = inputs as readonly [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor?,
  ];
  const states = outputs[0] as Tensor;
  const [time, batch, hidden] = states.shape as readonly [number, number, number];
  const rows = time * batch;
  // before[t] = states[t − 1]
  const before = reshape(concat([reshape(start, [1, batch, hidden]), slice(states, 0, 0, time - 1)], 0), [
    rows,
    hidden,
  ]);
  const [gateWeight, innerWeight] = split(weight, 1, [2 * hidden, hidden]) as [Tensor, Tensor];
  const both = sigmoid(add(reshape(gates, [rows, 2 * hidden]), matmul(before, gateWeight)));
  const [r, u] = split(both, 1, [hidden, hidden]) as [Tensor, Tensor];
  const inner = add(matmul(before, innerWeight), bias);
  const n = tanh(add(reshape(candidate, [rows, hidden]), mul(r, inner)));
  const real = kept === undefined ? undefined : cast(reshape(kept, [rows, 1]), 'float');
  const onlyReal = (x: Tensor): Tensor => (real === undefined ? x : mul(x, real));

  // How fast the new state moves with each pre-activation; h' = n + u(h − n), σ' = σ(1 − σ), tanh' = 1 − tanh²
  const taken = onlyReal(sub(1, u));
  const toCandidate = mul(taken, sub(1, mul(n, n)));
  const toInner = mul(toCandidate, r);
  const toReset = mul(mul(toInner, inner), sub(1, r));
  const toUpdate = mul(mul(taken, u), sub(before, n));
  const slopes = concat([toReset, toUpdate, toInner], 1);
  const { outputs: walked } = apply(
    gruBackwardOp,
    [
      reshape(slopes, [time, batch, 3 * hidden]),
      reshape(sub(1, taken), [time, batch, hidden]),
      weight,
      g as Tensor,
    ],
    {},
  );
  const [total, toStart] = walked as readonly [Tensor, Tensor];
  const flow = reshape(total, [rows, hidden]);
  const [byReset, byUpdate, byInner] = [toReset, toUpdate, toInner].map((slope) => mul(flow, slope)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const byGates = concat([byReset, byUpdate], 1);
  const byProduct = needs[2] ? concat([byGates, byInner], 1) : undefined;
  return [
    reshape(byGates, gates.axes),
    needs[1] ? reshape(mul(flow, toCandidate), candidate.axes) : undefined,
    byProduct && matmul(before, byProduct, { transposeLeft: true }),
    needs[3] ? sum(byInner, 0) : undefined,
    toStart,
    ...(kept === undefined ? [] : [undefined]),
  ];
}

// Inputs: slopes [time, batch, 3·hidden], keep [time, batch, hidden], weight [hidden, 3·hidden], and the gradient that
// each state receives from outside. Outputs: all that each state receives, and what the start does.
const gruBackwardOp: Op<NoAttributes> = {
  name: 'gruBackward',
  infer: ([, keep]) => {
    const { axes } = keep as Tensor;
    return [
      { dtype: 'float', axes },
      { dtype: 'float', axes: axes.slice(1) },
    ];
  },
  evaluate: ([slopes, keep, weight, g], { outputs }) => {
    const [time, batch, hidden] = (outputs[0] as Tensor).shape as readonly [number, number, number];
    const total = (g as Float64Array).slice();
    const toStart = new Float64Array(batch * hidden);
    for (let row = time * batch - 1; row >= 0; row--) {
      const flow = total.subarray(row * hidden, (row + 1) * hidden);
      const target = row < batch ? toStart : total;
      const at = (row < batch ? row : row - batch) * hidden;
      for (let i = 0; i < hidden; i++) {
        let back = (flow[i] as number) * ((keep as Float64Array)[row * hidden + i] as number);
        for (let column = 0; column < 3 * hidden; column++)
          back +=
            (flow[column % hidden] as number) *
            ((slopes as Float64Array)[row * 3 * hidden + column] as number) *
            ((weight as Float64Array)[i * 3 * hidden + column] as number);
        target[at + i] = (target[at + i] as number) + back;
      }
    }
    return [total, toStart];
  },
  emit: emitBackward,
  cases: [
    { inputs: [real(3, 2, 6), real(3, 2, 2), real(2, 6), real(3, 2, 2)] },
    { inputs: [real(1, 2, 6), real(1, 2, 2), real(2, 6), real(1, 2, 2)] },
  ],
};

function emitGru(onnx: Emitter, names: readonly string[], { outputs }: Node): readonly string[] {
  const [gates, candidate, weight, bias, start, kept] = names as readonly [
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  const [time, , hidden] = (outputs[0] as Tensor).shape as readonly [number, number, number];
  const gatePieces = inTime(onnx, gates, time);
  const candidatePieces = inTime(onnx, candidate, time);
  const keptPieces = kept === undefined ? [] : inTime(onnx, kept, time);
  const [gateWeight, innerWeight] = halves(onnx, weight, [2 * hidden, hidden]);
  const states: string[] = [];
  let h = start;
  for (let t = 0; t < time; t++) {
    const [sums] = onnx.node('Gemm', [h, gateWeight, gatePieces[t] as string]);
    const [both] = onnx.node('Sigmoid', [sums as string]);
    const [r, u] = halves(onnx, both as string, [hidden, hidden]);
    const [inner] = onnx.node('Gemm', [h, innerWeight, bias]);
    const [reset] = onnx.node('Mul', [r, inner as string]);
    const [before] = onnx.node('Add', [candidatePieces[t] as string, reset as string]);
    const [n] = onnx.node('Tanh', [before as string]);
    // h' = n + u(h − n)
    const [difference] = onnx.node('Sub', [h, n as string]);
    const [part] = onnx.node('Mul', [u, difference as string]);
    const [moved] = onnx.node('Add', [n as string, part as string]);
    [h] = (
      kept === undefined ? [moved] : onnx.node('Where', [keptPieces[t] as string, moved as string, h])
    ) as [string];
    states.push(h);
  }
  return stacked(onnx, states, (outputs[0] as Tensor).shape);
}

function emitBackward(onnx: Emitter, names: readonly string[], { outputs }: Node): readonly string[] {
  const [slopes, keep, weight, g] = names as readonly [string, string, string, string];
  const [time, batch, hidden] = (outputs[0] as Tensor).shape as readonly [number, number, number];
  const slopePieces = inTime(onnx, slopes, time, [batch, 3, hidden]);
  const keepPieces = inTime(onnx, keep, time);
  const outside = inTime(onnx, g, time);
  const flows: string[] = new Array<string>(time);
  let flow = outside[time - 1] as string;
  for (let t = time - 1; t >= 0; t--) {
    flows[t] = flow;
    const [wide] = onnx.node('Reshape', [flow, onnx.ints([batch, 1, hidden])]);
    const [through] = onnx.node('Mul', [slopePieces[t] as string, wide as string]);
    const [columns] = onnx.node('Reshape', [through as string, onnx.ints([batch, 3 * hidden])]);
    const [past] = onnx.node('Mul', [keepPieces[t] as string, flow]);
    const [back] = onnx.node('Gemm', [columns as string, weight, past as string], { transB: { int: 1 } });
    [flow] = (t === 0 ? [back] : onnx.node('Add', [outside[t - 1] as string, back as string])) as [string];
  }
  return [...stacked(onnx, flows, (outputs[0] as Tensor).shape), flow];
}

/** One piece a moment, [batch, …]. */
function inTime(onnx: Emitter, name: string, time: number, shape?: readonly number[]): readonly string[] {
  const pieces =
    time === 1
      ? [name]
      : onnx.node('Split', [name, onnx.ints(new Array<number>(time).fill(1))], { axis: { int: 0 } }, time);
  return pieces.map(
    (piece) =>
      (shape === undefined
        ? onnx.node('Squeeze', [piece, onnx.ints([0])])
        : onnx.node('Reshape', [piece, onnx.ints(shape)]))[0] as string,
  );
}

function halves(onnx: Emitter, name: string, sizes: readonly number[]): readonly [string, string] {
  return onnx.node('Split', [name, onnx.ints(sizes)], { axis: { int: 1 } }, 2) as unknown as readonly [
    string,
    string,
  ];
}

function stacked(onnx: Emitter, pieces: readonly string[], shape: readonly number[]): readonly string[] {
  const [joined] = onnx.node('Concat', pieces, { axis: { int: 0 } });
  return onnx.node('Reshape', [joined as string, onnx.ints(shape)]);
}

export const RECURRENT_OPS: readonly AnyOp[] = [gruOp, gruBackwardOp];
