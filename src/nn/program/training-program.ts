// Compiles a model and its loss to one ONNX graph that returns loss and gradients: all a training step runs.

import { AppError } from '../../core/errors.ts';
import { gradients } from '../../tensor/gradient.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { emitModel } from '../../tensor/onnx/emit.ts';
import { writeModel } from '../../tensor/onnx/write.ts';
import { input } from '../../tensor/ops/leaf.ts';
import { type AxesLike, type DType, describeAxes, volume } from '../../tensor/type.ts';
import { requireKnown } from '../known-names.ts';
import { type MaskSpec, type Module, type ParameterSpec, type Traced, trace } from '../module.ts';
import { type ProgramInput, programInputs } from './program-input.ts';

/** What a batch holds under one name: `{ dtype: 'int32', axes: { batch: 128, time: 50 } }`. */
export interface InputSpec {
  readonly dtype: DType;
  readonly axes: AxesLike;
}

export type InputSpecs = Readonly<Record<string, InputSpec>>;

/** A batch as symbols, as an objective receives it. */
export type SymbolicBatch<Specs extends InputSpecs = InputSpecs> = { readonly [Name in keyof Specs]: Tensor };

/** What training makes smaller, and what it reports beside: each a single number. */
export interface Objective {
  readonly loss: Tensor;
  readonly metrics?: Readonly<Record<string, Tensor>>;
}

/** Where one piece of a row gradient comes out: `values[k]` belongs to row `indices[k]`. */
export interface RowOutputs {
  readonly indices: string;
  readonly values: string;
}

/** A parameter of a program, and the outputs that carry its gradient. */
export interface ProgramParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Output holding the dense part; absent when there is none. */
  readonly gradient?: string;
  /** Outputs holding row parts, for tables read by `gather`. */
  readonly rows: readonly RowOutputs[];
}

/** A compiled training step as plain data: it can be saved, sent to a worker, run anywhere. */
export interface TrainingProgram {
  readonly model: Uint8Array;
  readonly inputs: Readonly<Record<string, ProgramInput>>;
  readonly masks: readonly MaskSpec[];
  /** What training moves. */
  readonly trainable: readonly ProgramParameter[];
  /** Fed and left alone: statistics, and frozen parameters whose values were not given at compilation. */
  readonly fixed: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Statistic → output that holds its next value. */
  readonly updates: Readonly<Record<string, string>>;
  /** The outputs `loss` and `metric.NAME`. */
  readonly metrics: readonly string[];
}

/** Fields of the record of a run, which a metric's name may not hide. */
const TAKEN = new Set([
  ...['loss', 'step', 'epoch', 'gradient_norm', 'learning_rate', 'examples_per_second', 'elapsed_seconds'],
]);

/** @throws AppError USAGE for a name that is taken, SHAPE for a metric of more numbers than one */
export function checkMetrics(metrics: NonNullable<Objective['metrics']>): void {
  for (const [name, { shape, axes }] of Object.entries(metrics)) {
    if (TAKEN.has(name))
      throw new AppError('USAGE', `expected a metric with a name of its own, got "${name}", which is taken`);
    if (volume(shape) !== 1)
      throw new AppError(
        'SHAPE',
        `metric "${name}": expected one number, got ${describeAxes(axes)}; take its mean or sum`,
      );
  }
}

export interface CompileOptions {
  /** Which parameters training moves, by name; all by default. */
  readonly trainable?: (name: string) => boolean;
  /** Values for frozen parameters, written into the model: onnxruntime prepares them once, and none is fed. */
  readonly frozen?: Readonly<Record<string, Float32Array>>;
}

/** A program and the parameters its model declared. */
export interface Compiled {
  readonly program: TrainingProgram;
  readonly parameters: readonly ParameterSpec[];
}

/**
 * Builds the objective's graph for one batch shape, differentiates it and writes it as ONNX.
 *
 * @throws AppError SHAPE when shapes do not fit or loss or a metric is not one number; USAGE when nothing is trainable,
 *   a parameter is trainable and has a frozen value, a frozen name is unknown, or a metric's name is taken
 */
export function compileTraining<Specs extends InputSpecs>(
  objective: Module<SymbolicBatch<Specs>, Objective>,
  specs: Specs,
  { trainable = () => true, frozen = {} }: CompileOptions = {},
): Compiled {
  const batch = Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, axes }]) => [name, input(name, dtype, axes)]),
  );
  const traced = trace(objective, batch as SymbolicBatch<Specs>, { training: true });
  const { metrics = {} } = traced.output;
  checkMetrics(metrics);
  requireKnown(
    'parameter',
    Object.keys(frozen),
    traced.parameters.map(({ name }) => name),
  );
  const moved = traced.parameters.filter(({ name, isStatistic }) => !isStatistic && trainable(name));
  if (moved.length === 0)
    throw new AppError('USAGE', 'expected at least one trainable parameter; every one is frozen');
  const both = moved.find(({ name }) => frozen[name] !== undefined);
  if (both !== undefined)
    throw new AppError(
      'USAGE',
      `parameter "${both.name}" is trainable and has a frozen value, which no step would move; leave one of the two out`,
    );

  const forward = forwardOutputs(traced);
  const outputs = { ...forward };
  const found = gradients(
    forward.loss as Tensor,
    moved.map(({ tensor }) => tensor),
  );
  const parameters = moved.map(({ name, tensor }, i): ProgramParameter => {
    const { dense, rows } = found[i] as (typeof found)[number];
    if (dense !== undefined) outputs[`gradient.${name}`] = dense;
    const pieces = rows.map((piece, k): RowOutputs => {
      const names = { indices: `rows.${name}.${k}.indices`, values: `rows.${name}.${k}.values` };
      outputs[names.indices] = piece.indices;
      outputs[names.values] = piece.values;
      return names;
    });
    return {
      name,
      shape: tensor.shape,
      rows: pieces,
      ...(dense === undefined ? {} : { gradient: `gradient.${name}` }),
    };
  });
  const model = emitModel(outputs, { inputs: Object.values(batch), weights: frozen, isPortable: false });
  const fed = new Set(model.graph.inputs.map(({ name }) => name));
  const movedNames = new Set(moved.map(({ name }) => name));
  return {
    parameters: traced.parameters,
    program: {
      model: writeModel(model),
      inputs: programInputs(batch, forward),
      masks: traced.masks,
      trainable: parameters,
      fixed: traced.parameters.flatMap(({ name, tensor }) =>
        !movedNames.has(name) && fed.has(name) ? [{ name, shape: tensor.shape }] : [],
      ),
      updates: Object.fromEntries(traced.updates.map(({ name }) => [name, `statistic.${name}`])),
      metrics: Object.keys(metrics),
    },
  };
}

/** Loss, metrics and statistics by the names of the model's outputs. */
function forwardOutputs({
  output: { loss, metrics = {} },
  updates,
}: Traced<Objective>): Record<string, Tensor> {
  return Object.fromEntries([
    ['loss', loss],
    ...Object.entries(metrics).map(([name, value]) => [`metric.${name}`, value] as const),
    ...updates.map(({ name, value }) => [`statistic.${name}`, value] as const),
  ]);
}

/**
 * The model for answering: no dropout, no gradient, weights inside. What it writes is an ordinary ONNX file.
 *
 * @param build says what the model returns, by name
 */
export function compileInference<Specs extends InputSpecs>(
  module: Module<SymbolicBatch<Specs>, Readonly<Record<string, Tensor>>>,
  specs: Specs,
  weights: Readonly<Record<string, Float32Array>>,
): Uint8Array {
  const batch = Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, axes }]) => [name, input(name, dtype, axes)]),
  );
  const { output, parameters } = trace(module, batch as SymbolicBatch<Specs>);
  const missing = parameters.find(({ name }) => weights[name] === undefined);
  if (missing !== undefined)
    throw new AppError('NOT_FOUND', `expected a value for parameter "${missing.name}", got none`);
  return writeModel(emitModel(output, { inputs: Object.values(batch), weights }));
}
