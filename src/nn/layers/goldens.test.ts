// Layers and losses against PyTorch's own: outputs and every gradient, in float64.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../tensor/evaluate.ts';
import { denseGradient, pullBack } from '../../tensor/gradient.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { constant, input } from '../../tensor/ops/leaf.ts';
import { reshape } from '../../tensor/ops/structure.ts';
import { binaryCrossEntropy } from '../losses/binary.ts';
import { bpr, infoNce } from '../losses/ranking.ts';
import { absoluteError, huber, poisson, squaredError } from '../losses/regression.ts';
import { type SampledSoftmaxInput, sampledSoftmax, tiedCrossEntropy } from '../losses/softmax.ts';
import { zeroInflatedLogNormal } from '../losses/zero-inflated-lognormal.ts';
import { defineModule, type Module, trace } from '../module.ts';
import { attention } from './attention.ts';
import { causalBias, visibility } from './attention-bias.ts';
import { timeConvolution } from './convolution.ts';
import { feedForward } from './feed-forward.ts';
import { gru } from './gru.ts';
import { batchNorm, layerNorm, rmsNorm } from './norm.ts';
import { rotate } from './rotary.ts';
import { transformerBlock } from './transformer.ts';

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Golden {
  readonly inputs: Readonly<Record<string, Numbers>>;
  readonly parameters: Readonly<Record<string, Numbers>>;
  readonly output: Numbers;
  readonly gradients: Readonly<Record<string, Numbers>>;
}

type Inputs = Readonly<Record<string, Tensor>>;

/** Written by bench/peers/layer_goldens.py, which says how. */
const FILE = new URL('../../../test/fixtures/layer-goldens.json', import.meta.url);
const CASES = JSON.parse(readFileSync(FILE, 'utf8')).cases as Readonly<Record<string, Golden>>;
/** Both sides are float64 and sum in other orders. */
const TOLERANCE = 1e-10;

const MASK = constant([1, 1, 1, 1, 1, 1, 1, 1, 0, 0], { batch: 2, time: 5 });

function ofX(module: Module<Tensor, Tensor>): Module<Inputs, Tensor> {
  return defineModule(module.kind, (scope, { x }) => module.build(scope, x as Tensor));
}

function plain(compute: (inputs: Inputs) => Tensor): Module<Inputs, Tensor> {
  return defineModule('plain', (_, inputs) => compute(inputs));
}

function ofPair(loss: (prediction: Tensor, target: Tensor) => Tensor): Module<Inputs, Tensor> {
  return plain(({ prediction, target }) => loss(prediction as Tensor, target as Tensor));
}

function ofTable(loss: (input: SampledSoftmaxInput) => Tensor): Module<Inputs, Tensor> {
  return plain((inputs) => loss(inputs as unknown as SampledSoftmaxInput));
}

function block(normAt: 'pre' | 'post'): Module<Inputs, Tensor> {
  const module = transformerBlock({ width: 6, heads: 2, inner: 8, normAt });
  return defineModule('block', (scope, { x }) =>
    module.build(scope, { x: x as Tensor, bias: causalBias(5) }),
  );
}

const OURS: Readonly<Record<string, Module<Inputs, Tensor>>> = {
  'attention, causal and padded': defineModule('attention', (scope, { x }) =>
    attention({ width: 6, heads: 2 }).build(scope, { x: x as Tensor, bias: visibility(MASK, 5) }),
  ),
  'attention to another sequence': defineModule('attention', (scope, { x, context }) =>
    attention({ width: 6, heads: 3 }).build(scope, { x: x as Tensor, context: context as Tensor }),
  ),
  'rotary positions': plain(({ x }) => rotate(x as Tensor)),
  'layer norm': ofX(layerNorm()),
  'rms norm': ofX(rmsNorm()),
  'batch norm': ofX(batchNorm()),
  'feed-forward, gelu': ofX(feedForward({ inner: 8 })),
  'feed-forward, relu': ofX(feedForward({ inner: 8, activation: 'relu' })),
  'feed-forward, swiglu': ofX(feedForward({ inner: 6, activation: 'swiglu' })),
  'transformer block, norm first': block('pre'),
  'transformer block, norm last': block('post'),
  gru: defineModule('gru', (scope, { x }) => gru({ hidden: 4 }).build(scope, { x: x as Tensor }).states),
  'convolution over time, causal': ofX(timeConvolution({ width: 4, kernel: 3, causal: true })),
  'convolution over time, same length': ofX(timeConvolution({ width: 4, kernel: 3 })),
  'loss binaryCrossEntropy': ofPair(binaryCrossEntropy),
  'loss squaredError': ofPair(squaredError),
  'loss absoluteError': ofPair(absoluteError),
  'loss huber': ofPair((prediction, target) => huber(prediction, target, 0.7)),
  'loss poisson': ofPair(poisson),
  'loss bpr': ofPair(bpr),
  'loss tiedCrossEntropy, smoothing 0.0': ofTable((input) => tiedCrossEntropy(input)),
  'loss tiedCrossEntropy, smoothing 0.1': ofTable((input) =>
    tiedCrossEntropy(input, { labelSmoothing: 0.1 }),
  ),
  'loss sampledSoftmax, hits left out': ofTable((input) => sampledSoftmax(input)),
  'loss sampledSoftmax, hits kept': ofTable((input) => sampledSoftmax(input, { maskHits: false })),
  'loss infoNce': plain(({ left, right }) => infoNce(left as Tensor, right as Tensor, { temperature: 0.2 })),
  'loss zeroInflatedLogNormal': plain(({ scores, target }) =>
    zeroInflatedLogNormal(scores as Tensor, target as Tensor),
  ),
};

/** Whole numbers in the file are ids. */
const IDS = new Set(['targets', 'negatives']);

describe('PyTorch returns the same numbers and gradients for', () => {
  it.each(Object.keys(CASES))('%s', (name) => {
    const golden = CASES[name] as Golden;
    const leaves = Object.fromEntries(
      Object.entries(golden.inputs).map(([key, { shape }]) => [
        key,
        input(key, IDS.has(key) ? 'int32' : 'float', shape),
      ]),
    );
    const { output, parameters } = trace(OURS[name] as Module<Inputs, Tensor>, leaves, { training: true });
    const stored = parameters.filter(({ isStatistic }) => !isStatistic);
    expect(stored.map((spec) => spec.name).sort()).toEqual(Object.keys(golden.parameters).sort());

    const feeds = Object.fromEntries(
      Object.entries({ ...golden.inputs, ...golden.parameters }).map(([key, { data }]) => [key, data]),
    );
    expectClose(evaluate([output], feeds)[0] as Float64Array, golden.output, 'output');

    const tensors = new Map([
      ...Object.entries(leaves),
      ...stored.map(({ name: key, tensor }) => [key, tensor] as const),
    ]);
    const wanted = Object.keys(golden.gradients).map((key) => tensors.get(key) as Tensor);
    const weights = golden.output.data.map((_, i) => Math.sin(i + 1));
    const upstream = reshape(constant(weights, [weights.length]), output.axes);
    const found = pullBack([output], [upstream], wanted);
    for (const [i, [key, want]] of Object.entries(golden.gradients).entries()) {
      const leaf = wanted[i] as Tensor;
      const gradient = denseGradient(leaf, found[i] as (typeof found)[number]) as Tensor;
      expectClose(evaluate([gradient], feeds)[0] as Float64Array, want, `gradient of ${key}`);
    }
  });

  it('the running statistics of batch norm', () => {
    const golden = CASES['batch norm'] as Golden & { readonly mean: Numbers; readonly variance: Numbers };
    const x = input('x', 'float', (golden.inputs.x as Numbers).shape);
    const { updates } = trace(batchNorm(), x, { training: true });
    const feeds = { x: (golden.inputs.x as Numbers).data, mean: [0, 0, 0], variance: [1, 1, 1] };
    for (const { name, value } of updates)
      expectClose(
        evaluate([value], feeds)[0] as Float64Array,
        name === 'mean' ? golden.mean : golden.variance,
        name,
      );
    expect(updates.map(({ name }) => name)).toEqual(['mean', 'variance']);
  });
});

function expectClose(got: Float64Array, { data }: Numbers, what: string): void {
  expect(got.length, what).toBe(data.length);
  for (const [i, value] of data.entries())
    expect(Math.abs((got[i] as number) - value), `${what}[${i}]: ${got[i]} against ${value}`).toBeLessThan(
      TOLERANCE * Math.max(1, Math.abs(value)),
    );
}
