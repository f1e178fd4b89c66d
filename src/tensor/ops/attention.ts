// Attention as one row: scores, softmax and the weighted sum share what the backward pass needs of each other.

import { AppError } from '../../core/errors.ts';
import { between, real } from '../checks/sample.ts';
import { type AnyOp, apply, type Op, type Tensor } from '../graph.ts';
import { stretched } from '../strided.ts';
import { type Axis, broadcastAxes, describeAxes, describeMismatch, volume } from '../type.ts';
import { add, mul, sub } from './arithmetic.ts';
import { matmul } from './matrix.ts';
import { sum, sumTo } from './structure.ts';

type AttentionAttributes = {
  readonly scale: number;
  /** Which of the optional inputs follow query, key and value, in this order. */
  readonly biased: boolean;
  readonly dropped: boolean;
};

const attentionOp: Op<AttentionAttributes> = {
  name: 'attention',
  infer: (inputs, attributes) => {
    const { query, key, value, bias, keep } = parts(inputs, attributes);
    for (const { shape, axes } of [query, key, value])
      if (shape.length < 2)
        throw new AppError('SHAPE', `attention: expected [..., time, width], got ${describeAxes(axes)}`);
    const [time, width] = query.axes.slice(-2) as [Axis, Axis];
    const [keys, keyWidth] = key.axes.slice(-2) as [Axis, Axis];
    const [values, valueWidth] = value.axes.slice(-2) as [Axis, Axis];
    if (width.size !== keyWidth.size)
      throw new AppError('SHAPE', `${shown(query, key)}: ${describeMismatch(width, keyWidth)}`);
    if (keys.size !== values.size)
      throw new AppError('SHAPE', `${shown(key, value)}: ${describeMismatch(keys, values)}`);
    const batch = query.axes.slice(0, -2);
    for (const other of [key, value])
      if (other.shape.slice(0, -2).some((size, i) => size !== batch[i]?.size))
        throw new AppError('SHAPE', `${shown(query, other)}: expected the same leading axes`);
    const scores = [...batch, time, { size: keys.size, name: 'keys' }];
    for (const extra of [bias, keep]) {
      if (extra === undefined) continue;
      const met = broadcastAxes('attention', scores, extra.axes);
      if (volume(met.map(({ size }) => size)) !== volume(scores.map(({ size }) => size)))
        throw new AppError(
          'SHAPE',
          `attention: ${describeAxes(extra.axes)} is wider than ${describeAxes(scores)}`,
        );
    }
    return [
      { dtype: 'float', axes: [...batch, time, valueWidth] },
      { dtype: 'float', axes: scores },
    ];
  },
  evaluate: (data, { inputs, outputs, attributes }) => {
    const { scale, biased, dropped } = attributes;
    const { query, key, value } = parts(inputs, attributes);
    const [q, k, v] = data as readonly [Float64Array, Float64Array, Float64Array];
    const scores = (outputs[1] as Tensor).shape;
    const [bias, keep] = [biased ? 3 : undefined, dropped ? (biased ? 4 : 3) : undefined].map((i) =>
      i === undefined ? undefined : stretched(data[i] as Float64Array, (inputs[i] as Tensor).shape, scores),
    );
    const [times, width] = query.shape.slice(-2) as [number, number];
    const keys = key.shape.at(-2) as number;
    const valueWidth = value.shape.at(-1) as number;
    const context = new Float64Array(volume((outputs[0] as Tensor).shape));
    const weights = new Float64Array(volume(scores));
    for (let row = 0; row < weights.length / keys; row++) {
      const batch = Math.floor(row / times);
      const line = weights.subarray(row * keys, (row + 1) * keys);
      for (let j = 0; j < keys; j++) {
        let score = 0;
        for (let m = 0; m < width; m++)
          score += (q[row * width + m] as number) * (k[(batch * keys + j) * width + m] as number);
        line[j] = score * scale + (bias?.[row * keys + j] ?? 0);
      }
      const highest = Math.max(...line);
      let total = 0;
      for (let j = 0; j < keys; j++) total += line[j] = Math.exp((line[j] as number) - highest);
      for (let j = 0; j < keys; j++) {
        line[j] = (line[j] as number) / total;
        const share = (line[j] as number) * (keep?.[row * keys + j] ?? 1);
        for (let m = 0; m < valueWidth; m++) {
          const at = row * valueWidth + m;
          context[at] = (context[at] as number) + share * (v[(batch * keys + j) * valueWidth + m] as number);
        }
      }
    }
    return [context, weights];
  },
  // P = softmax(αQKᵀ + B), O = (M∘P)V:
  // dV = (M∘P)ᵀ·dO, dP = M∘(dO·Vᵀ), dS = P∘(dP − Σ_keys dP∘P), dQ = α·dS·K, dK = α·dSᵀ·Q, dB = dS.
  // Σ_keys dP∘P = Σ_width dO∘O, which is smaller by keys / width (Dao et al. 2022, arXiv:2205.14135, B.2).
  gradient: ({ inputs, outputs, needs, attributes }, [toContext, toWeights]) => {
    const { scale } = attributes;
    const { query, key, value, bias, keep } = parts(inputs, attributes);
    const [context, weights] = outputs as readonly [Tensor, Tensor];
    const drop = (x: Tensor): Tensor => (keep === undefined ? x : mul(x, keep));

    const toKept = toContext && matmul(toContext, value, { transposeRight: true });
    const mean = toContext && sum(mul(toContext, context), -1, { keep: true });
    const fromContext = toKept && mean && sub(drop(toKept), mean);
    const fromWeights = toWeights && sub(toWeights, sum(mul(toWeights, weights), -1, { keep: true }));
    const centred = fromContext && fromWeights ? add(fromContext, fromWeights) : (fromContext ?? fromWeights);
    if (centred === undefined) return [];
    const toScores = mul(centred, weights);
    const optional = [
      bias && (() => sumTo(toScores, bias.axes)),
      keep && toKept && (() => sumTo(mul(toKept, weights), keep.axes)),
    ].filter((part) => part !== undefined);
    return [
      needs[0] ? mul(matmul(toScores, key), scale) : undefined,
      needs[1] ? mul(matmul(toScores, query, { transposeLeft: true }), scale) : undefined,
      // the other way round than in the forward pass: made again, else onnxruntime would keep the first
      needs[2] && toContext
        ? matmul(keep === undefined ? weights : mul(keep, weights), toContext, { transposeLeft: true })
        : undefined,
      ...optional.map((part, i) => (needs[3 + i] ? part() : undefined)),
    ];
  },
  emit: (onnx, names, { inputs, attributes: { scale, biased, dropped } }) => {
    const [query, key, value] = names as readonly [string, string, string];
    const rank = (inputs[1] as Tensor).shape.length;
    const [scaled] = onnx.product({ name: query, rank }, { name: key, rank, transposed: true }, scale);
    const [scores] = biased ? onnx.node('Add', [scaled as string, names[3] as string]) : [scaled];
    const [weights] = onnx.node('Softmax', [scores as string], { axis: { int: -1 } });
    const [kept] = dropped
      ? onnx.node('Mul', [weights as string, names[biased ? 4 : 3] as string])
      : [weights];
    const [context] = onnx.node('MatMul', [kept as string, value]);
    return [context as string, weights as string];
  },
  cases: [
    {
      name: 'plain',
      inputs: [real(2, 3, 4), real(2, 5, 4), real(2, 5, 2)],
      attributes: { scale: 0.5, biased: false, dropped: false },
    },
    {
      name: 'with a bias shared by the batch',
      inputs: [real(2, 2, 3, 4), real(2, 2, 3, 4), real(2, 2, 3, 4), real(2, 1, 3)],
      attributes: { scale: 0.7, biased: true, dropped: false },
    },
    {
      name: 'with bias and dropout',
      inputs: [real(2, 3, 4), real(2, 3, 4), real(2, 3, 4), real(2, 3, 3), between(0, 2, 2, 3, 3)],
      attributes: { scale: 0.7, biased: true, dropped: true },
    },
  ],
};

export interface AttentionOptions {
  /** What scores are multiplied by; 1/√width by default. */
  readonly scale?: number;
  /** Added to the scores: a mask of large negative numbers, a learned bias. Stretches to [..., time, keys]. */
  readonly bias?: Tensor;
  /** Dropout's mask on the weights: 0, or 1 / (1 − rate). */
  readonly keep?: Tensor;
}

/**
 * Scaled dot-product attention and its weights before dropout.
 *
 * @param query [..., time, width]
 * @param key   [..., keys, width]
 * @param value [..., keys, other]
 * @returns     context [..., time, other], weights [..., time, keys]
 * @throws AppError SHAPE naming the axes that do not fit
 * @see Vaswani et al. 2017, eq. 1, arXiv:1706.03762
 */
export function attend(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { scale, bias, keep }: AttentionOptions = {},
): { readonly context: Tensor; readonly weights: Tensor } {
  const inputs = [query, key, value, bias, keep].filter((tensor) => tensor !== undefined);
  const { outputs } = apply(attentionOp, inputs, {
    scale: scale ?? 1 / Math.sqrt(query.shape.at(-1) as number),
    biased: bias !== undefined,
    dropped: keep !== undefined,
  });
  const [context, weights] = outputs as readonly [Tensor, Tensor];
  return { context, weights };
}

export const ATTENTION_OPS: readonly AnyOp[] = [attentionOp];

interface Parts {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly bias: Tensor | undefined;
  readonly keep: Tensor | undefined;
}

function parts(inputs: readonly Tensor[], { biased, dropped }: AttentionAttributes): Parts {
  const [query, key, value, fourth, fifth] = inputs as readonly [Tensor, Tensor, Tensor, Tensor?, Tensor?];
  return {
    query,
    key,
    value,
    bias: biased ? fourth : undefined,
    keep: dropped ? (biased ? fifth : fourth) : undefined,
  };
}

function shown(left: Tensor, right: Tensor): string {
  return `attention: ${describeAxes(left.axes)} · ${describeAxes(right.axes)}`;
}
