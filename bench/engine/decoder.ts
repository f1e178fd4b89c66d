// The decoder that we and PyTorch both train (peers/decoder_torch.py says it in full), and its losses.
import { random } from '../../src/core/random.ts';
import { initialValues, normal } from '../../src/nn/initialise.ts';
import type { Activation } from '../../src/nn/layers/feed-forward.ts';
import { transformer } from '../../src/nn/layers/transformer.ts';
import { binaryCrossEntropy } from '../../src/nn/losses/binary.ts';
import { sampledSoftmax, tiedCrossEntropyMean } from '../../src/nn/losses/softmax.ts';
import { weightedMean } from '../../src/nn/losses/weighted.ts';
import { defineModule, type Module } from '../../src/nn/module.ts';
import {
  type Compiled,
  compileTraining,
  type Objective,
  type SymbolicBatch,
} from '../../src/nn/program/training-program.ts';
import { parameterSettings } from '../../src/nn/step/training-settings.ts';
import { createTrainingStep, type TrainingStep } from '../../src/nn/step/training-step.ts';
import type { Tensor } from '../../src/tensor/graph.ts';
import { add, cast, mul } from '../../src/tensor/ops/arithmetic.ts';
import { equal, not } from '../../src/tensor/ops/comparison.ts';
import { gather } from '../../src/tensor/ops/indexing.ts';
import { constant } from '../../src/tensor/ops/leaf.ts';
import { reshape, sum } from '../../src/tensor/ops/structure.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import {
  type Batch,
  type BatchShape,
  logPopularity,
  makeBatches,
  SASREC_SHAPE,
  TRANSFORMER_SHAPE,
} from '../peers/batches.ts';

export interface DecoderOptions {
  readonly shape: BatchShape;
  readonly width: number;
  readonly heads: number;
  readonly blocks: number;
  readonly inner: number;
  readonly activation: Activation;
  readonly dropout: number;
  readonly loss: LossName;
}

export type LossName = 'bce' | 'sampled' | 'full';

const MODELS = {
  sasrec: { shape: SASREC_SHAPE, width: 64, heads: 2, blocks: 2, inner: 64, activation: 'relu' },
  wide: { shape: TRANSFORMER_SHAPE, width: 256, heads: 4, blocks: 4, inner: 1024, activation: 'gelu' },
} as const;

export type ModelName = keyof typeof MODELS;

export function decoderSettings(model: ModelName, loss: LossName, dropout: number): DecoderOptions {
  return { ...MODELS[model], loss, dropout };
}

export function decoderSpecs({ batch, length, shared }: BatchShape) {
  const ids = { dtype: 'int32', axes: { batch, time: length } } as const;
  return { inputs: ids, targets: ids, negatives: ids, shared: { dtype: 'int32', axes: { shared } } } as const;
}

type DecoderBatch = SymbolicBatch<ReturnType<typeof decoderSpecs>>;

export function decoder(options: DecoderOptions): Module<DecoderBatch, Objective> {
  const { shape, width, dropout, loss } = options;
  return defineModule('decoder', (scope, { inputs, targets, negatives, shared }) => {
    const table = scope.parameter('table', { items: shape.items, width }, normal());
    const places = scope.parameter('positions', { time: shape.length, width }, normal());
    const x = scope.dropout(add(gather(table, inputs), places), dropout);
    const states = scope.apply('trunk', transformer({ ...options, causal: true }), { x });
    const real = cast(not(equal(targets, 0)), 'float');
    const each: Readonly<Record<LossName, () => Tensor>> = {
      bce: () =>
        add(binaryScore(states, gather(table, targets), 1), binaryScore(states, gather(table, negatives), 0)),
      sampled: () => {
        const logChance = constant(logPopularity(shape.items), [shape.items]);
        return sampledSoftmax({ states, table, targets, negatives: shared, logChance }, { maskHits: false });
      },
      full: () => tiedCrossEntropyMean({ states, table, targets }, { weights: real }),
    };
    const found = each[loss]();
    return { loss: found.shape.length === 0 ? found : weightedMean(reshape(found, real.axes), real) };
  });
}

function binaryScore(states: Tensor, rows: Tensor, label: 0 | 1): Tensor {
  const score = sum(mul(states, rows), -1);
  return binaryCrossEntropy(
    score,
    constant(new Float32Array(score.shape.reduce((a, b) => a * b, 1)).fill(label), score.shape),
  );
}

/** Our contestant: the same steps a peer takes, in this process. */
export interface Contestant {
  readonly compiled: Compiled;
  readonly parameters: number;
  run(
    steps: number,
  ): Promise<{ readonly milliseconds: readonly number[]; readonly losses: readonly number[] }>;
  close(): Promise<void>;
}

export async function openContestant(
  options: DecoderOptions,
  threads: number,
  seed: number,
): Promise<Contestant> {
  const compiled = compileTraining(decoder(options), decoderSpecs(options.shape));
  const { program, parameters } = compiled;
  const step: TrainingStep = createTrainingStep({
    backend: nodeBackend,
    programs: [program],
    values: initialValues(parameters, random(seed)),
    optimiser: { kind: 'adamw' },
    parameters: parameterSettings([program], [() => ({ weightDecay: 0.01 })]),
    seed,
    threads,
  });
  const batches = makeBatches(options.shape, seed).map((batch) => ({
    bucket: 0,
    arrays: arraysFor(batch, program.inputs),
  }));
  let done = 0;
  const run: Contestant['run'] = async (steps) => {
    const milliseconds: number[] = [];
    const losses: number[] = [];
    for (let i = 0; i < steps; i++, done++) {
      const startedMs = performance.now();
      const { loss } = await step.step([batches[done % batches.length] as (typeof batches)[number]], {
        epoch: 0,
        learningRate: 0.001,
      });
      milliseconds.push(performance.now() - startedMs);
      losses.push(loss);
    }
    return { milliseconds, losses };
  };
  await run(5);
  return {
    compiled,
    parameters: parameters.reduce((total, { tensor }) => total + tensor.shape.reduce((a, b) => a * b, 1), 0),
    run,
    close: step.close,
  };
}

function arraysFor(batch: Batch, inputs: Compiled['program']['inputs']): Record<string, Int32Array> {
  return Object.fromEntries(Object.keys(inputs).map((name) => [name, batch[name as keyof Batch]]));
}
