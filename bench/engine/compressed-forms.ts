// The next-item model of the compression bench, trained; and forms of it: pruned, cut, in 8 bits.
import { random } from '../../src/core/random.ts';
import { calibrate } from '../../src/nn/compress/calibration.ts';
import type { CompressedForm } from '../../src/nn/compress/compression-report.ts';
import type { GateKind } from '../../src/nn/compress/gates.ts';
import { gateImportance, leastImportant } from '../../src/nn/compress/importance.ts';
import { applyMasks, magnitudeMasks } from '../../src/nn/compress/magnitude-pruning.ts';
import { cubicSparsity, withPruning } from '../../src/nn/compress/pruned-training.ts';
import { quantiseDynamic, quantisedActivations, quantiseStatic } from '../../src/nn/compress/quantise.ts';
import { pruneTransformer } from '../../src/nn/compress/structured-pruning.ts';
import { initialValues, normal } from '../../src/nn/initialise.ts';
import { type TransformerOptions, transformer } from '../../src/nn/layers/transformer.ts';
import { tiedCrossEntropy } from '../../src/nn/losses/softmax.ts';
import { defineModule } from '../../src/nn/module.ts';
import {
  compileInference,
  compileTraining,
  type SymbolicBatch,
} from '../../src/nn/program/training-program.ts';
import { warmUpCosine } from '../../src/nn/schedule.ts';
import { type Batch, createTrainingStep, type TrainingStep } from '../../src/nn/step/training-step.ts';
import { readModel } from '../../src/tensor/onnx/read.ts';
import { writeModel } from '../../src/tensor/onnx/write.ts';
import { add, cast } from '../../src/tensor/ops/arithmetic.ts';
import { equal } from '../../src/tensor/ops/comparison.ts';
import { gather } from '../../src/tensor/ops/indexing.ts';
import { matmul } from '../../src/tensor/ops/matrix.ts';
import { argMax, mean } from '../../src/tensor/ops/reductions.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';

export const VOCABULARY = 1000;
export const BATCH = 64;
export const LENGTH = 50;
export const STEPS = 250;
/** After pruning at once; gradual pruning takes all steps of the training, the last third to recover. */
const TUNING_STEPS = 60;
const GRADUAL = { to: 0.8, lastStep: Math.round((2 / 3) * STEPS), every: 10 } as const;
/** Shares of zeros. */
const SPARSITIES = [0.5, 0.8, 0.9] as const;
/** All matrices of the trunk and the table; shifts and norms stay. */
const PRUNED = ['table', 'trunk.**.weight'];

const ids = { dtype: 'int32', axes: { batch: BATCH, time: LENGTH } } as const;
const SPECS = { inputs: ids, targets: ids } as const;
type Values = Readonly<Record<string, Float32Array>>;
type Symbols = SymbolicBatch<typeof SPECS>;

const parts = (options: TransformerOptions) =>
  defineModule('next-item', (scope, { inputs }: Symbols) => {
    const table = scope.parameter('table', { items: VOCABULARY, width: options.width }, normal());
    const places = scope.parameter('positions', { time: LENGTH, width: options.width }, normal());
    return {
      table,
      states: scope.apply('trunk', transformer(options), { x: add(gather(table, inputs), places) }),
    };
  });

const objective = (options: TransformerOptions) =>
  defineModule('objective', (scope, batch: Symbols) => {
    const found = parts(options).build(scope, batch);
    return { loss: mean(tiedCrossEntropy({ ...found, targets: batch.targets })) };
  });

/** Scores of every item at every place; of them, how often the true next item is first, and its cross-entropy. */
const examination = (options: TransformerOptions) =>
  defineModule('examination', (scope, batch: Symbols) => {
    const { table, states } = parts(options).build(scope, batch);
    const first = argMax(matmul(states, table, { transposeRight: true }), -1);
    return {
      nats: mean(tiedCrossEntropy({ states, table, targets: batch.targets })),
      hit: mean(cast(equal(cast(first, 'int32'), batch.targets), 'float')),
    };
  });

const file = (options: TransformerOptions, values: Values): Uint8Array =>
  compileInference(examination(options), SPECS, values);

export interface Data {
  readonly train: readonly Batch[];
  readonly test: readonly Batch[];
  readonly seed: number;
  readonly threads: number;
}

function openStep(options: TransformerOptions, { seed, threads }: Data, values?: Values): TrainingStep {
  const { program, parameters } = compileTraining(objective(options), SPECS);
  const start = values ?? initialValues(parameters, random(seed).fork('weights'));
  return createTrainingStep({
    backend: nodeBackend,
    programs: [program],
    values: start,
    optimiser: { kind: 'adamw' },
    clipNorm: 1,
    seed,
    threads,
  });
}

/** Steps at a rate that rises and falls to nearly nothing. */
async function trained(step: TrainingStep, batches: readonly Batch[], rate: number): Promise<Values> {
  const schedule = warmUpCosine({ rate, warmUpSteps: 10, steps: batches.length, floor: rate / 20 });
  for (const [i, batch] of batches.entries())
    await step.step([batch], { epoch: 0, learningRate: schedule(i) });
  const values = Object.fromEntries(
    Object.entries(step.values()).map(([name, value]) => [name, value.slice()]),
  );
  await step.close();
  return values;
}

/** A wider model wants smaller steps. */
const rateOf = ({ width }: TransformerOptions): number => 0.64 / width;
const tuningRate = (options: TransformerOptions): number => 0.4 * rateOf(options);

/** Forms of a trained model. */
export type FormMaker = (
  options: TransformerOptions,
  values: Values,
  data: Data,
) => Promise<readonly CompressedForm[]>;

const withZeros = (values: Values, sparsity: number): Values => {
  const pruned = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.slice()]));
  applyMasks(pruned, magnitudeMasks(pruned, sparsity, { match: PRUNED }));
  return pruned;
};

export const prunedForms: FormMaker = async (options, values) =>
  SPARSITIES.map((sparsity) => ({
    name: `${100 * sparsity} % zeros`,
    model: file(options, withZeros(values, sparsity)),
  }));

/** By the slopes of gates over four batches. */
async function cuts(options: TransformerOptions, values: Values, data: Data) {
  const importance = await gateImportance(objective(options), SPECS, {
    backend: nodeBackend,
    values,
    batches: data.train.slice(0, 4).map(({ arrays }) => arrays),
    kinds: ['head', 'unit', 'block'],
  });
  const least = (kind: GateKind, count: number) =>
    leastImportant(importance, { kind, count: Math.floor(count) });
  const wanted = {
    'half the heads': { heads: least('head', (options.heads * options.blocks) / 2) },
    'half the cells': { units: least('unit', 2 * options.width * options.blocks) },
    'one block': { blocks: Object.keys(least('block', 1)) },
  };
  return Object.entries(wanted).map(([name, cut]) => {
    return { name: `without ${name}`, ...pruneTransformer({ path: 'trunk', options, values, ...cut }) };
  });
}

export const cutForms: FormMaker = async (options, values, data) =>
  (await cuts(options, values, data)).map((cut) => ({
    name: cut.name,
    model: file(cut.options, cut.values),
  }));

/** The same, trained on; and one pruned while it was trained. */
export const tunedForms: FormMaker = async (options, values, data) => {
  const forms: CompressedForm[] = [];
  const some = data.train.slice(0, TUNING_STEPS);
  for (const sparsity of SPARSITIES) {
    const run = withPruning(openStep(options, data, values), { match: PRUNED, sparsity });
    const tuned = await trained(run, some, tuningRate(options));
    forms.push({ name: `${100 * sparsity} % zeros, tuned`, model: file(options, tuned) });
  }
  for (const cut of await cuts(options, values, data)) {
    const tuned = await trained(openStep(cut.options, data, cut.values), some, tuningRate(options));
    forms.push({ name: `${cut.name}, tuned`, model: file(cut.options, tuned) });
  }
  const pruning = { match: PRUNED, sparsity: cubicSparsity(GRADUAL), every: GRADUAL.every };
  const gradual = await trained(withPruning(openStep(options, data), pruning), data.train, rateOf(options));
  forms.push({ name: `${100 * GRADUAL.to} % zeros, step by step`, model: file(options, gradual) });
  return forms;
};

export const byteForms: FormMaker = async (options, values, data) => {
  const float = readModel(file(options, values));
  const batches = data.train
    .slice(0, 4)
    .map(({ arrays }) => ({ inputs: arrays.inputs as Int32Array, targets: arrays.targets as Int32Array }));
  const calibration = { backend: nodeBackend, activations: quantisedActivations(float), batches };
  return [
    { name: '8 bits, dynamic', model: writeModel(quantiseDynamic(float).model) },
    {
      name: '8 bits, dynamic, table float',
      model: writeModel(quantiseDynamic(float, { keep: 'table' }).model),
    },
    {
      name: '8 bits, static',
      model: writeModel(quantiseStatic(float, await calibrate(float, calibration)).model),
    },
    {
      name: '8 bits, static, 99.9 %',
      model: writeModel(
        quantiseStatic(float, await calibrate(float, { ...calibration, percentile: 99.9 })).model,
      ),
    },
  ];
};

/** The whole training, and the model as a file. */
export async function trainedForm(options: TransformerOptions, data: Data) {
  const values = await trained(openStep(options, data), data.train, rateOf(options));
  return { values, form: { name: 'float', model: file(options, values) } };
}
