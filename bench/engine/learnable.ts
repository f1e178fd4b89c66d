// Does it learn? Sequences whose entropy is known: how near to the floor full softmax comes, and whether cheaper losses rank alike.
import { random } from '../../src/core/random.ts';
import { initialValues, normal } from '../../src/nn/initialise.ts';
import { transformer } from '../../src/nn/layers/transformer.ts';
import { sampledSoftmax, tiedCrossEntropy } from '../../src/nn/losses/softmax.ts';
import { weightedMean } from '../../src/nn/losses/weighted.ts';
import { defineModule, type Scope } from '../../src/nn/module.ts';
import { compileEvaluation } from '../../src/nn/program/evaluation-program.ts';
import { compileTraining, type SymbolicBatch } from '../../src/nn/program/training-program.ts';
import { warmUpCosine } from '../../src/nn/schedule.ts';
import { type Batch, createTrainingStep } from '../../src/nn/step/training-step.ts';
import { softplus } from '../../src/tensor/ops/activations.ts';
import { add, cast, mul, neg } from '../../src/tensor/ops/arithmetic.ts';
import { equal } from '../../src/tensor/ops/comparison.ts';
import { gather } from '../../src/tensor/ops/indexing.ts';
import { constant } from '../../src/tensor/ops/leaf.ts';
import { matmul } from '../../src/tensor/ops/matrix.ts';
import { argMax } from '../../src/tensor/ops/reductions.ts';
import { reshape, sum } from '../../src/tensor/ops/structure.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { atMost } from '../bench.ts';
import { drawSequences, type KnownSequence, type SequenceLaw, sequenceLaw } from '../learnable-sequences.ts';
import { bigramCrossEntropy, entropyFloor, lawHitRate, unigramCrossEntropy } from '../sequence-baselines.ts';
import type { MeasurePart } from './part.ts';

const VOCABULARY = 1000;
const BATCH = 128;
const LENGTH = 50;
const WIDTH = 64;
const STEPS = 250;
const NEGATIVES = 256;
/** Of the test sequences, in batches of 128. */
const TEST_BATCHES = 8;

type LossName = 'full' | 'sampled' | 'bce';

const ids = { dtype: 'int32', axes: { batch: BATCH, time: LENGTH } } as const;
const SPECS = {
  inputs: ids,
  targets: ids,
  weights: { dtype: 'float', axes: { batch: BATCH, time: LENGTH } },
  negatives: { dtype: 'int32', axes: { negatives: NEGATIVES } },
} as const;

type Symbols = SymbolicBatch<typeof SPECS>;

function statesOf(scope: Scope, { inputs }: Symbols) {
  const table = scope.parameter('table', { items: VOCABULARY, width: WIDTH }, normal());
  const places = scope.parameter('positions', { time: LENGTH, width: WIDTH }, normal());
  const trunk = transformer({ blocks: 2, width: WIDTH, heads: 2, causal: true });
  // Read and written by tables of their own: with one table for both, 250 steps are too few.
  const readOut = scope.parameter('readOut', { items: VOCABULARY, width: WIDTH }, normal());
  return { table: readOut, states: scope.apply('trunk', trunk, { x: add(gather(table, inputs), places) }) };
}

function objective(loss: LossName, logChance: Float32Array) {
  return defineModule('next-item', (scope, batch: Symbols) => {
    const { table, states } = statesOf(scope, batch);
    const { targets, negatives, weights } = batch;
    const each = {
      full: () => tiedCrossEntropy({ states, table, targets }),
      sampled: () =>
        sampledSoftmax({ states, table, targets, negatives, logChance: constant(logChance, [VOCABULARY]) }),
      // Scores start where one of 257 is right, not one of two: else the first steps only push down.
      bce: () => {
        const start = -Math.log(NEGATIVES);
        const others = add(matmul(states, gather(table, negatives), { transposeRight: true }), start);
        const taken = add(sum(mul(states, gather(table, targets)), -1), start);
        return add(softplus(neg(taken)), sum(softplus(others), -1));
      },
    }[loss]();
    return { loss: weightedMean(reshape(each, weights.axes), weights) };
  });
}

/** Full softmax for every model: cross-entropy, and how often the true next item is ranked first. */
const examination = defineModule('next-item', (scope, batch: Symbols) => {
  const { table, states } = statesOf(scope, batch);
  const { targets, weights } = batch;
  const first = argMax(matmul(states, table, { transposeRight: true }), -1);
  const hit = cast(equal(cast(first, 'int32'), targets), 'float');
  return {
    loss: weightedMean(reshape(tiedCrossEntropy({ states, table, targets }), weights.axes), weights),
    metrics: { hit: weightedMean(hit, weights) },
  };
});

export const measure: MeasurePart = async ({ seed, threads, log }) => {
  const law = sequenceLaw(seed, VOCABULARY);
  const draws = random(seed);
  const test = drawSequences(law, draws.fork('test'), {
    count: BATCH * TEST_BATCHES,
    minLength: LENGTH + 1,
    maxLength: LENGTH + 1,
  });
  const train = drawSequences(law, draws.fork('train'), {
    count: BATCH * STEPS,
    minLength: LENGTH + 1,
    maxLength: LENGTH + 1,
  });
  const floor = entropyFloor(test);
  const beside = {
    entropyFloor: floor,
    bestHitRate: lawHitRate(test),
    bigram: bigramCrossEntropy(train, test, VOCABULARY),
    unigram: unigramCrossEntropy(train, test, VOCABULARY),
  };
  log(
    `learnable task: floor ${floor.toFixed(3)} nats, bigram ${beside.bigram.toFixed(3)}, unigram ${beside.unigram.toFixed(3)}`,
  );
  const results: Partial<Record<LossName, { crossEntropy: number; hitRate: number; seconds: number }>> = {};
  for (const loss of ['full', 'sampled', 'bce'] as const) {
    const got = await learn(loss, law, { train, test, seed, threads });
    results[loss] = got;
    log(
      `  ${loss}: ${got.crossEntropy.toFixed(3)} nats, true next item first ${(100 * got.hitRate).toFixed(1)} %, ${got.seconds.toFixed(0)} s`,
    );
  }
  const { full, sampled, bce } = results as Required<typeof results>;
  const points = (other: { readonly hitRate: number }) => 100 * (full.hitRate - other.hitRate);
  return {
    targets: [
      atMost(
        'learnable task: full softmax above the entropy floor after 250 steps, nats',
        full.crossEntropy - floor,
        0.3,
        `floor ${floor.toFixed(3)}, bigram counts ${beside.bigram.toFixed(3)}`,
      ),
      atMost(
        'learnable task: sampled softmax ranks the next item first less often, points',
        points(sampled),
        2,
        `full ${(100 * full.hitRate).toFixed(1)} %, knowing the law ${(100 * beside.bestHitRate).toFixed(1)} %`,
      ),
      atMost('learnable task: BCE ranks the next item first less often, points', points(bce), 2),
    ],
    figures: { ...beside, ...results },
  };
};

interface Task {
  readonly train: readonly KnownSequence[];
  readonly test: readonly KnownSequence[];
  readonly seed: number;
  readonly threads: number;
}

async function learn(loss: LossName, law: SequenceLaw, { train, test, seed, threads }: Task) {
  const startedMs = performance.now();
  const logChance = Float32Array.from(law.zipf, Math.log);
  const { program, parameters } = compileTraining(objective(loss, logChance), SPECS);
  const step = createTrainingStep({
    backend: nodeBackend,
    programs: [program],
    evaluations: [compileEvaluation(examination, SPECS)],
    values: initialValues(parameters, random(seed).fork('weights')),
    optimiser: { kind: 'adamw' },
    clipNorm: 1,
    seed,
    threads,
  });
  const draws = random(seed).fork('negatives');
  const schedule = warmUpCosine({ rate: 0.01, warmUpSteps: 20, steps: STEPS, floor: 0.0005 });
  for (let i = 0; i < STEPS; i++) {
    const negatives = Int32Array.from({ length: NEGATIVES }, () =>
      loss === 'bce' ? draws.integer(VOCABULARY) : draws.choice(law.zipf),
    );
    const batch = batchOf(train.slice(i * BATCH, (i + 1) * BATCH), negatives);
    await step.step([batch], { epoch: 0, learningRate: schedule(i) });
  }
  const totals = { crossEntropy: 0, hitRate: 0 };
  for (let i = 0; i < TEST_BATCHES; i++) {
    const got = await step.evaluate(
      batchOf(test.slice(i * BATCH, (i + 1) * BATCH), new Int32Array(NEGATIVES)),
    );
    totals.crossEntropy += Number(got['loss']?.[0]) / TEST_BATCHES;
    totals.hitRate += Number(got['metric.hit']?.[0]) / TEST_BATCHES;
  }
  await step.close();
  return { ...totals, seconds: (performance.now() - startedMs) / 1000 };
}

function batchOf(sequences: readonly KnownSequence[], negatives: Int32Array): Batch {
  const inputs = new Int32Array(BATCH * LENGTH);
  const targets = new Int32Array(BATCH * LENGTH);
  for (const [row, { items }] of sequences.entries()) {
    inputs.set(items.subarray(0, LENGTH), row * LENGTH);
    targets.set(items.subarray(1, LENGTH + 1), row * LENGTH);
  }
  return {
    bucket: 0,
    arrays: { inputs, targets, negatives, weights: new Float32Array(BATCH * LENGTH).fill(1) },
  };
}
