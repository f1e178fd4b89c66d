// How much of onnxruntime's own matrix rate a training step of the behaviour transformer keeps, at the same shapes in the same run.
import { random } from '../../src/core/random.ts';
import type { Sequences } from '../../src/core/sequences.ts';
import { trainingBatches } from '../../src/models/sequence/neural/events/batches.ts';
import { planTokens } from '../../src/models/sequence/neural/events/tokens.ts';
import { networkOf } from '../../src/models/sequence/neural/network.ts';
import { pretraining, trainingSpecs } from '../../src/models/sequence/neural/objective.ts';
import { defaultSettings, type TransformerSettings } from '../../src/models/sequence/transformer/settings.ts';
import { transformerKind } from '../../src/models/sequence/transformer/transformer.ts';
import { initialValues } from '../../src/nn/initialise.ts';
import { trace } from '../../src/nn/module.ts';
import { compileTraining } from '../../src/nn/program/training-program.ts';
import { parameterSettings } from '../../src/nn/step/training-settings.ts';
import { type Batch, createTrainingStep } from '../../src/nn/step/training-step.ts';
import { gradients } from '../../src/tensor/gradient.ts';
import { nodesBelow, type Tensor } from '../../src/tensor/graph.ts';
import { input } from '../../src/tensor/ops/leaf.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { atLeast, type BenchOptions } from '../bench.ts';
import { openProductTimer, type Product, productsOf } from '../engine/matmul-rate.ts';
import type { Part } from '../engine/part.ts';
import { interleave, median } from '../interleave.ts';

interface Size {
  readonly told: Partial<TransformerSettings>;
  /** Share of the matrix rate that is to be kept. */
  readonly least: number;
}

export const SIZES: Readonly<Record<string, Size>> = {
  'width 64': { told: {}, least: 0.35 },
  'width 256': { told: { width: 256, blocks: 4, heads: 4, length: 128, batch: 32 }, least: 0.7 },
};

const ITEMS = 12_000;
const ROUNDS = 6;
const STEPS = 4;
const WARM_UP = 3;

export async function trainingRate(name: string, { threads, seed, log }: BenchOptions): Promise<Part> {
  const { told, least } = SIZES[name];
  // Nothing is dropped, as in a bare product: what masks cost is measured by the engine's own bench.
  const settings = { ...defaultSettings(200_000), ...told, dropout: 0 };
  const events = fullSequences(8 * settings.batch, settings.length + 1, seed);
  const network = networkOf(transformerKind, planTokens(events, settings), settings);
  const specs = trainingSpecs(network, settings.length);
  const { program, parameters } = compileTraining(pretraining(network), specs);
  const products = await openProductTimer(productsIn(network, specs), threads);
  const step = createTrainingStep({
    ...{ backend: nodeBackend, programs: [program], seed, threads },
    values: initialValues(parameters, random(seed)),
    optimiser: { kind: 'adamw' },
    parameters: parameterSettings([program], []),
  });
  const making: number[] = [];
  const source = trainingBatches(network.plan, events, settings, seed);
  let epoch = 0;
  let waiting = source.batches(epoch, 0)[Symbol.iterator]();
  const nextBatch = (): Batch => {
    const { value, done } = waiting.next();
    // Windows of full length are in the last bucket, which is the only program here.
    if (!done) return { ...(value as Batch), bucket: 0 };
    waiting = source.batches(++epoch, 0)[Symbol.iterator]();
    return nextBatch();
  };
  const run = async (steps: number): Promise<readonly number[]> => {
    const times: number[] = [];
    for (let i = 0; i < steps; i++) {
      const startedMs = performance.now();
      const batch = nextBatch();
      making.push(performance.now() - startedMs);
      await step.step([batch], { epoch, learningRate: 0.001 });
      times.push(performance.now() - startedMs);
    }
    return times;
  };
  try {
    await run(WARM_UP);
    const { medians, ratios } = await interleave(ROUNDS, {
      products: async () => [await products.measure()],
      step: () => run(STEPS),
    });
    const rate = (milliseconds: number) => products.flops / milliseconds / 1e6;
    const kept = 1 / ratios.step.median;
    const words = `${rate(medians.step).toFixed(0)} of ${rate(medians.products).toFixed(0)} GFLOP/s, rounds ${(1 / ratios.step.highest).toFixed(2)}–${(1 / ratios.step.lowest).toFixed(2)}`;
    log(
      `${name}: ${kept.toFixed(2)} of the matrix rate (${words}), a step ${medians.step.toFixed(1)} ms, of them ${median(making).toFixed(1)} for making its batch`,
    );
    return {
      targets: [atLeast(`${name}: share of the matrix rate that a training step keeps`, kept, least, words)],
      figures: {
        settings,
        stepMilliseconds: medians.step,
        productMilliseconds: medians.products,
        batchMilliseconds: median(making),
        gigaflop: products.flops / 1e9,
        rounds: ratios.step.rounds.map((ratio) => 1 / ratio),
      },
    };
  } finally {
    await step.close();
    await products.close();
  }
}

/** Every matrix product of a step, forwards and backwards; the one inside the sampled softmax is no node of its own. */
function productsIn(
  network: Parameters<typeof pretraining>[0],
  specs: ReturnType<typeof trainingSpecs>,
): readonly Product[] {
  const batch = Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, axes }]) => [name, input(name, dtype, axes)]),
  );
  const { output, parameters } = trace(pretraining(network), batch, { training: true });
  const backward = gradients(
    output.loss,
    parameters.map(({ tensor }) => tensor),
  );
  const outputs: readonly Tensor[] = [
    output.loss,
    ...backward.flatMap(({ dense, rows }) => [
      ...(dense ? [dense] : []),
      ...rows.map(({ values }) => values),
    ]),
  ];
  const inside = nodesBelow(outputs)
    .filter(({ op }) => op.name === 'logPartition')
    .map(({ inputs: [states, rows] }): Product => {
      const [left, right] = [states.shape, rows.shape];
      return {
        ...{ left, right, options: { transposeRight: true }, count: 1 },
        flops: 2 * left[0] * left[1] * right[0],
      };
    });
  return [...productsOf(outputs), ...inside];
}

/** Sequences that fill their windows, of items drawn by a long-tailed popularity. */
function fullSequences(count: number, length: number, seed: number): Sequences {
  const draws = random(seed);
  // Zipf's law: the logarithm of the rank is uniform.
  const items = Int32Array.from({ length: count * length }, () =>
    Math.min(ITEMS - 1, Math.floor(ITEMS ** draws.uniform()) - 1),
  );
  // Every item once, so that the catalogue is the whole of it.
  for (let item = 0; item < Math.min(ITEMS, items.length); item++) items[(item * 7) % items.length] = item;
  return {
    entities: Array.from({ length: count }, (_, i) => `s${i}`),
    offsets: Uint32Array.from({ length: count + 1 }, (_, i) => i * length),
    items,
    itemIds: Array.from({ length: ITEMS }, (_, i) => `i${i}`),
  };
}
