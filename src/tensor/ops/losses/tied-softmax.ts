// Softmax cross-entropy over every row of a table, a few examples at a time, with its gradient made on the way.

import { AppError } from '../../../core/errors.ts';
import { between, indices, real } from '../../checks/sample.ts';
import { type AnyOp, apply, type Emitter, type Node, type Op, type Rows, type Tensor } from '../../graph.ts';
import { type Axis, describeAxes, describeMismatch, volume } from '../../type.ts';
import { mul, neg } from '../arithmetic.ts';
import { constant, constantData } from '../leaf.ts';
import { reshape } from '../structure.ts';

type TiedAttributes = { readonly rowsAtOnce: number };

/*
 * Inputs: hidden [n, width], table [items, width], targets [n], weights [n], bias [items] or none.
 * With p = softmax(hidden·tableᵀ + bias) and y the targets, the outputs are
 *   losses  weight·(−ln p_y)
 *   and, once they are added up, what they send back:
 *   hidden  weight·(p·table − table[y])
 *   table   pᵀ·(weight·hidden), the part of the targets left out: it is rows
 *   bias    pᵀ·weight, likewise
 * p is 12,000 numbers an example: it is made, used three times and forgotten, never kept for a backward pass.
 */
const tiedSoftmaxOp: Op<TiedAttributes> = {
  name: 'tiedSoftmaxCrossEntropy',
  results: 1,
  infer: (inputs) => {
    const [hidden, table, targets, weights, bias] = inputs as readonly [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor?,
    ];
    checkShapes(inputs);
    const losses = { dtype: 'float', axes: targets.axes } as const;
    return [losses, hidden, table, ...(bias === undefined ? [] : [bias])].map(({ axes }) => ({
      dtype: weights.dtype,
      axes,
    }));
  },
  evaluate: ([hidden, table, targets, weights, bias], { inputs }) => {
    const [items, width] = (inputs[1] as Tensor).shape as readonly [number, number];
    const count = (targets as Float64Array).length;
    const losses = new Float64Array(count);
    const toHidden = new Float64Array(count * width);
    const toTable = new Float64Array(items * width);
    const toBias = new Float64Array(items);
    for (let i = 0; i < count; i++) {
      const h = (hidden as Float64Array).subarray(i * width, (i + 1) * width);
      const target = (targets as Float64Array)[i] as number;
      const weight = (weights as Float64Array)[i] as number;
      const scores = Float64Array.from({ length: items }, (_, j) =>
        h.reduce((total, x, k) => total + x * at(table, j * width + k), bias?.[j] ?? 0),
      );
      const highest = scores.reduce((a, b) => Math.max(a, b));
      const log = highest + Math.log(scores.reduce((total, s) => total + Math.exp(s - highest), 0));
      losses[i] = weight * (log - at(scores, target));
      for (let j = 0; j < items; j++) {
        const share = weight * Math.exp(at(scores, j) - log);
        toBias[j] = at(toBias, j) + share;
        for (let k = 0; k < width; k++) {
          const rest = share - (j === target ? weight : 0);
          toHidden[i * width + k] = at(toHidden, i * width + k) + rest * at(table, j * width + k);
          toTable[j * width + k] = at(toTable, j * width + k) + share * at(h, k);
        }
      }
    }
    return [losses, toHidden, toTable, ...(bias === undefined ? [] : [toBias])];
  },
  gradient: ({ inputs, needs, outputs, attributes }, [upstream]) => {
    const [hidden, table, targets, weights, bias] = inputs as readonly [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor?,
    ];
    const g = upstream as Tensor;
    const scale = uniformValue(g);
    // Losses that are simply added up have their gradients already; else they are made again, weighted by g.
    const weighted = scale === undefined ? mul(weights, g) : weights;
    const made =
      scale === undefined
        ? apply(tiedSoftmaxOp, [hidden, table, targets, weighted, ...(bias ? [bias] : [])], attributes)
            .outputs
        : outputs;
    const scaled = (x: Tensor): Tensor => (scale === undefined || isOne(scale) ? x : mul(x, scale));
    const lost = scaled(neg(weighted));
    const [, toHidden, toTable, toBias] = made as readonly [Tensor, Tensor, Tensor, Tensor?];
    const rows = (values: Tensor): Rows => ({ indices: targets, values });
    return [
      needs[0] ? scaled(toHidden) : undefined,
      needs[1] ? [scaled(toTable), rows(mul(hidden, reshape(lost, [-1, 1])))] : undefined,
      undefined,
      needs[3] ? mul(g, unweighted(inputs, attributes)) : undefined,
      toBias && needs[4] ? [scaled(toBias), rows(lost)] : undefined,
    ];
  },
  emit: (onnx, names, node) => writeTiedSoftmax(onnx, names, node),
  cases: [
    {
      name: 'all rows at once',
      inputs: [real(3, 4), real(5, 4), indices(5, 3), between(0.2, 2, 3)],
      attributes: { rowsAtOnce: 3 },
    },
    {
      name: 'two rows at once, with a bias',
      inputs: [real(5, 3), real(4, 3), indices(4, 5), between(0, 2, 5), real(4)],
      attributes: { rowsAtOnce: 2 },
    },
    {
      name: 'scores whose exponential overflows',
      inputs: [between(-30, 30, 3, 2), between(-10, 10, 4, 2), indices(4, 3), between(0.2, 2, 3)],
      attributes: { rowsAtOnce: 2 },
    },
  ],
};

export const TIED_SOFTMAX_OPS: readonly AnyOp[] = [tiedSoftmaxOp];

/** The one number a gradient repeats, as that of a sum does. */
function uniformValue({ node }: Tensor): Tensor | undefined {
  const [source] = node.inputs;
  return node.op.name === 'expand' && source !== undefined && volume(source.shape) === 1
    ? reshape(source, [])
    : undefined;
}

/** What differentiation starts with: no multiplication is worth writing. */
function isOne(x: Tensor): boolean {
  const [source] = x.node.inputs;
  if (x.node.op.name === 'reshape' && source !== undefined) return isOne(source);
  const data = constantData(x);
  return data !== undefined && Number(data[0]) === 1;
}

function unweighted(inputs: readonly Tensor[], attributes: TiedAttributes): Tensor {
  const ones = constant(
    new Float64Array(volume((inputs[3] as Tensor).shape)).fill(1),
    (inputs[3] as Tensor).shape,
  );
  return apply(
    tiedSoftmaxOp,
    inputs.map((x, i) => (i === 3 ? ones : x)),
    attributes,
  ).outputs[0] as Tensor;
}

function writeTiedSoftmax(
  onnx: Emitter,
  names: readonly string[],
  { inputs, outputs, attributes }: Node<TiedAttributes>,
): readonly string[] {
  const [hidden, table, targets, weights, bias] = names as readonly [string, string, string, string, string?];
  const [count] = (inputs[0] as Tensor).shape as readonly [number];
  const one = (type: string, of: readonly string[], attrs = {}): string =>
    onnx.node(type, of, attrs)[0] as string;
  const last = onnx.ints([-1]);
  const column = one('Unsqueeze', [weights, last]);
  const weighted = one('Mul', [hidden, column]);
  const wanted = outputs.map((output) => onnx.reads(output));
  const logs: string[] = [];
  const toHidden: string[] = [];
  let toTable: string | undefined;
  let toBias: string | undefined;
  let before: string | undefined;

  for (let start = 0; start < count; start += attributes.rowsAtOnce) {
    const end = Math.min(count, start + attributes.rowsAtOnce);
    const cut = (x: string): string =>
      end - start === count ? x : one('Slice', [x, onnx.ints([start]), onnx.ints([end]), onnx.ints([0])]);
    const h =
      before === undefined
        ? cut(hidden)
        : one('Where', [onnx.constant('bool', [1], []), cut(hidden), before]);
    const scores = one('Gemm', [h, table, ...(bias === undefined ? [] : [bias])], { transB: { int: 1 } });
    const highest = one('ReduceMax', [scores, last], { keepdims: { int: 0 } });
    const shares = one('Softmax', [scores], { axis: { int: -1 } });
    // ln Σ eˢ = max s − ln max p: two readings instead of a second exponential
    const largest = one('ReduceMax', [shares, last], { keepdims: { int: 0 } });
    const log = one('Sub', [highest, one('Log', [largest])]);
    logs.push(log);
    const done = [
      one('Reshape', [
        one('Slice', [log, onnx.ints([0]), onnx.ints([1]), onnx.ints([0])]),
        onnx.ints([1, 1]),
      ]),
    ];
    if (wanted[1]) {
      const product = one('MatMul', [shares, table]);
      toHidden.push(product);
      done.push(product);
    }
    if (wanted[2]) {
      toTable = one('Gemm', [shares, cut(weighted), ...(toTable === undefined ? [] : [toTable])], {
        transA: { int: 1 },
      });
      done.push(toTable);
    }
    if (bias !== undefined && wanted[3]) {
      toBias = one('Gemm', [
        one('Unsqueeze', [cut(weights), onnx.ints([0])]),
        shares,
        ...(toBias === undefined ? [] : [toBias]),
      ]);
      done.push(one('Slice', [toBias, onnx.ints([0]), onnx.ints([1]), onnx.ints([1])]));
    }
    // The next rows wait for these by a choice that never falls on `before`: so only one block of shares is alive.
    before =
      end === count
        ? undefined
        : done
            .map((x) => one('Slice', [x, onnx.ints([0]), onnx.ints([1]), onnx.ints([0])]))
            .reduce((a, b) => one('Add', [a, b]));
  }
  const joined = (parts: readonly string[]): string =>
    parts.length === 1 ? (parts[0] as string) : one('Concat', parts, { axis: { int: 0 } });
  const targetRows = one('Gather', [table, targets], { axis: { int: 0 } });
  const targetScore = one('ReduceSum', [one('Mul', [hidden, targetRows]), last], { keepdims: { int: 0 } });
  const targetTotal =
    bias === undefined
      ? targetScore
      : one('Add', [targetScore, one('Gather', [bias, targets], { axis: { int: 0 } })]);
  const losses = one('Mul', [one('Sub', [joined(logs), targetTotal]), weights]);
  return [
    losses,
    wanted[1] ? one('Mul', [one('Sub', [joined(toHidden), targetRows]), column]) : '',
    toTable ?? '',
    toBias === undefined ? '' : one('Reshape', [toBias, last]),
  ];
}

/** 32 MB of scores in float32: as fast as all at once (6,400 × 12,000 in 247 ms on two cores), in a sixth of the memory. */
const SCORES_AT_ONCE = 2 ** 23;

export interface TiedSoftmaxOptions {
  /** [n], at least 0, 1 by default. Give them here: losses then only have to be added up, and nothing is made twice. */
  readonly weights?: Tensor;
  /** [items], added to each score. */
  readonly bias?: Tensor;
  /** How many examples are scored against the whole table at a time; by default as many as make 32 MB. */
  readonly rowsAtOnce?: number;
}

/**
 * Cross-entropy of a softmax over all rows of a table, times the example's weight. Its gradient is made together with
 * the loss in the same pass over the scores, which are never kept: dH = w·(p·W − W[y]), dW = pᵀ·(w·H) and rows at y.
 * That pass serves when the losses are added up, with a constant factor or without; for any other use it runs twice.
 *
 * @param hidden  [n, width]
 * @param table   [items, width]
 * @param targets [n], int32, rows of the table
 * @returns       [n]
 * @throws AppError SHAPE naming the axes that do not fit
 */
export function tiedSoftmaxCrossEntropy(
  hidden: Tensor,
  table: Tensor,
  targets: Tensor,
  { weights, bias, rowsAtOnce }: TiedSoftmaxOptions = {},
): Tensor {
  const count = hidden.shape[0] ?? 0;
  const block = rowsAtOnce ?? Math.max(1, Math.floor(SCORES_AT_ONCE / (table.shape[0] ?? 1)));
  const blocks = Math.max(1, Math.ceil(count / block));
  const each = weights ?? constant(new Float64Array(count).fill(1), [count]);
  const inputs = [hidden, table, targets, each, ...(bias === undefined ? [] : [bias])];
  const { outputs } = apply(tiedSoftmaxOp, inputs, { rowsAtOnce: Math.max(1, Math.ceil(count / blocks)) });
  return outputs[0] as Tensor;
}

function checkShapes(inputs: readonly Tensor[]): void {
  const [hidden, table, targets, weights, bias] = inputs as readonly [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor?,
  ];
  const shown = `tiedSoftmaxCrossEntropy: ${describeAxes(hidden.axes)} · ${describeAxes(table.axes)}`;
  if (hidden.shape.length !== 2 || table.shape.length !== 2)
    throw new AppError('SHAPE', `${shown}: expected two matrices`);
  const [rows, width] = hidden.axes as readonly [Axis, Axis];
  const [items, other] = table.axes as readonly [Axis, Axis];
  if (width.size !== other.size) throw new AppError('SHAPE', `${shown}: ${describeMismatch(width, other)}`);
  for (const [what, list, size] of [
    ['target', targets, rows.size],
    ['weight', weights, rows.size],
    ['bias', bias, items.size],
  ] as const)
    if (list !== undefined && (list.shape.length !== 1 || list.shape[0] !== size))
      throw new AppError('SHAPE', `${shown}: expected ${size} ${what}s, got ${describeAxes(list.axes)}`);
}

function at(values: Float64Array | undefined, i: number): number {
  return (values as Float64Array)[i] as number;
}
