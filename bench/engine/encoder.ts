// Fine-tuning a real-size encoder from an ONNX file: what a LoRA step and a full step cost beside the forward pass alone.

import { random } from '../../src/core/random.ts';
import { isLora, withLora } from '../../src/nn/adapt/lora.ts';
import { imported, type NamedTensors } from '../../src/nn/imported.ts';
import { initialValues, normal } from '../../src/nn/initialise.ts';
import { layerNorm } from '../../src/nn/layers/norm.ts';
import { transformer } from '../../src/nn/layers/transformer.ts';
import { defineModule, type Module, trace } from '../../src/nn/module.ts';
import { compileInference, compileTraining, type Objective } from '../../src/nn/program/training-program.ts';
import { createTrainingStep } from '../../src/nn/step/training-step.ts';
import type { Tensor } from '../../src/tensor/graph.ts';
import { type ImportedModel, importModel } from '../../src/tensor/onnx/import.ts';
import { readModel } from '../../src/tensor/onnx/read.ts';
import { add, cast, sub } from '../../src/tensor/ops/arithmetic.ts';
import { square } from '../../src/tensor/ops/elementwise.ts';
import { gather } from '../../src/tensor/ops/indexing.ts';
import { input } from '../../src/tensor/ops/leaf.ts';
import { mean } from '../../src/tensor/ops/reductions.ts';
import { slice } from '../../src/tensor/ops/structure.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { atMost } from '../bench.ts';
import { type MeasurePart, median, spread } from './part.ts';

const BATCH = 16;
const TIME = 64;
/** all-MiniLM-L6: 22.6 million numbers. */
const SHAPE = { vocabulary: 30_522, places: 512, width: 384, heads: 12, inner: 1536, blocks: 6 };
const ROUNDS = 15;
const WARM_UP = 3;

const axes = { batch: BATCH, time: TIME };
const tokens = {
  input_ids: { dtype: 'int64', axes },
  attention_mask: { dtype: 'int64', axes },
} as const;

/** BERT's encoder: words and places, post-norm blocks, GELU. */
const bert: Module<NamedTensors, NamedTensors> = defineModule('bert', (scope, given) => {
  const { input_ids, attention_mask } = given as Readonly<Record<keyof typeof tokens, Tensor>>;
  const { vocabulary, places, width } = SHAPE;
  const words = scope.parameter('words', { vocabulary, width }, normal());
  const positions = scope.parameter('positions', { places, width }, normal());
  const embedded = add(gather(words, cast(input_ids, 'int32')), slice(positions, 0, 0, TIME));
  const x = scope.apply('norm', layerNorm(), embedded);
  const mask = cast(attention_mask, 'float');
  const options = { ...SHAPE, normAt: 'post', activation: 'gelu' } as const;
  return { last_hidden_state: scope.apply('trunk', transformer(options), { x, mask }) };
});

/** An ONNX file of that shape with seeded weights, as an exporter would hand it over, imported again. */
function importedEncoder(seed: number): ImportedModel {
  const symbols = Object.fromEntries(
    Object.entries(tokens).map(([name, { dtype }]) => [name, input(name, dtype, axes)]),
  );
  const values = initialValues(trace(bert, symbols).parameters, random(seed));
  const file = compileInference(bert, tokens, values);
  return importModel(readModel(file), { inputs: { input_ids: axes, attention_mask: axes } });
}

/** Mean hidden state towards a wanted one: a loss that costs nothing beside the encoder. */
function objective(encoder: Module<NamedTensors, NamedTensors>) {
  return defineModule('objective', (scope, batch: NamedTensors): Objective => {
    const { wanted, ...given } = batch as NamedTensors & { readonly wanted: Tensor };
    const { last_hidden_state } = scope.apply('encoder', encoder, given);
    return { loss: mean(square(sub(mean(last_hidden_state as Tensor, 1), wanted))) };
  });
}

/** A step of one kind of fine-tuning, ready to be timed. */
async function openStep(
  encoder: Module<NamedTensors, NamedTensors>,
  lora: boolean,
  options: { readonly seed: number; readonly threads: number },
) {
  const specs = { ...tokens, wanted: { dtype: 'float', axes: [BATCH, SHAPE.width] } } as const;
  const trainable = lora ? isLora : () => true;
  const model = objective(encoder);
  const symbols = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, input(name, spec.dtype, spec.axes)]),
  );
  const values = initialValues(trace(model, symbols).parameters, random(options.seed));
  const frozen = Object.fromEntries(Object.entries(values).filter(([name]) => !trainable(name)));
  const { program } = compileTraining(model, specs, { trainable, frozen });
  const step = createTrainingStep({
    backend: nodeBackend,
    programs: [program],
    values,
    optimiser: { kind: 'adamw' },
    ...options,
  });
  const arrays = { ...drawTokens(options.seed), wanted: new Float32Array(BATCH * SHAPE.width).fill(0.1) };
  return {
    numbers: program.trainable.reduce((total, { shape }) => total + shape.reduce((a, b) => a * b, 1), 0),
    run: () => step.step([{ bucket: 0, arrays }], { epoch: 0, learningRate: 1e-4 }),
    close: step.close,
  };
}

async function openForward(model: ImportedModel, threads: number, seed: number) {
  const values = Object.fromEntries(model.parameters.map(({ name, value }) => [name, value]));
  const pooled = defineModule('pooled', (scope, given: NamedTensors) => ({
    embedding: mean(imported(model).build(scope, given).last_hidden_state as Tensor, 1),
  }));
  const session = await nodeBackend.open(compileInference(pooled, tokens, values), { threads });
  const arrays = drawTokens(seed);
  return { run: () => session.run(arrays), close: () => session.release() };
}

function drawTokens(seed: number) {
  const draws = random(seed);
  return {
    input_ids: BigInt64Array.from({ length: BATCH * TIME }, () =>
      BigInt(Math.floor(draws.uniform() * SHAPE.vocabulary)),
    ),
    attention_mask: BigInt64Array.from({ length: BATCH * TIME }, (_, i) =>
      BigInt(i % TIME < TIME - 3 * Math.floor(i / TIME)),
    ),
  };
}

/**
 * Interleaved rounds of the forward pass alone, a LoRA step and a full step, optimiser included; ratios round by round.
 * LoRA of rank 8 at queries and values, as in its paper, and beside it at every matrix of the blocks.
 */
export const measure: MeasurePart = async ({ seed, threads, log }) => {
  const model = importedEncoder(seed);
  const encoder = imported(model);
  const blocks = '**.blocks.*';
  const some = [`${blocks}.attention.query.weight`, `${blocks}.attention.value.weight`];
  const all = `${blocks}.**.weight`;
  const forward = await openForward(model, threads, seed);
  const steps = {
    lora: await openStep(withLora(encoder, { rank: 8, match: some }), true, { seed, threads }),
    loraEverywhere: await openStep(withLora(encoder, { rank: 8, match: all }), true, { seed, threads }),
    full: await openStep(encoder, false, { seed, threads }),
  };
  const contestants = { forward, ...steps };
  const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, [] as number[]]));
  for (let round = -WARM_UP; round < ROUNDS; round++)
    for (const [name, { run }] of Object.entries(contestants)) {
      const startedMs = performance.now();
      await run();
      if (round >= 0) times[name]?.push(performance.now() - startedMs);
    }
  for (const { close } of Object.values(contestants)) await close();

  const ratios = (name: keyof typeof steps): readonly number[] =>
    (times[name] as number[]).map((ms, i) => ms / (times.forward?.[i] as number));
  for (const [name, list] of Object.entries(times)) log(`encoder: ${name} ${spread(list, 0)} ms`);
  return {
    targets: [
      atMost(
        '22.6 M-parameter encoder, 16 x 64: LoRA step / forward pass',
        median(ratios('lora')),
        2.6,
        spread(ratios('lora')),
      ),
      atMost(
        '22.6 M-parameter encoder, 16 x 64: full step / forward pass',
        median(ratios('full')),
        5,
        spread(ratios('full')),
      ),
    ],
    figures: {
      parameters: model.parameters.reduce((total, { value }) => total + value.length, 0),
      trained: Object.fromEntries(Object.entries(steps).map(([name, { numbers }]) => [name, numbers])),
      milliseconds: Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)])),
      loraEverywhereOverForward: median(ratios('loraEverywhere')),
    },
  };
};
