// Compiles an objective as it is while answering (no dropout, no gradient), with the parameters fed: for validation.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { emitModel } from '../../tensor/onnx/emit.ts';
import { writeModel } from '../../tensor/onnx/write.ts';
import { input } from '../../tensor/ops/leaf.ts';
import { volume } from '../../tensor/type.ts';
import { requireKnown } from '../known-names.ts';
import { type Module, trace } from '../module.ts';
import { type ProgramInput, programInputs } from './program-input.ts';
import { checkMetrics, type InputSpecs, type Objective, type SymbolicBatch } from './training-program.ts';

/** A forward pass as plain data; its outputs are `loss`, `metric.NAME`, and what else was asked for. */
export interface EvaluationProgram {
  readonly model: Uint8Array;
  readonly inputs: Readonly<Record<string, ProgramInput>>;
  /** Parameters and statistics it is fed. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Outputs of one number each: what a mean over batches makes sense of. */
  readonly scalars: readonly string[];
}

/** What a validation batch is asked: the objective's loss and metrics, and arrays by name for metrics of one's own. */
export interface Examination extends Objective {
  readonly outputs?: Readonly<Record<string, Tensor>>;
}

/**
 * @param frozen values written into the model, as in `compileTraining`
 * @throws AppError SHAPE when shapes do not fit or a metric is not one number; USAGE when a metric or an output takes a
 *   name that is taken, or a frozen name is unknown
 */
export function compileEvaluation<Specs extends InputSpecs>(
  objective: Module<SymbolicBatch<Specs>, Examination>,
  specs: Specs,
  frozen: Readonly<Record<string, Float32Array>> = {},
): EvaluationProgram {
  const batch = Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, axes }]) => [name, input(name, dtype, axes)]),
  );
  const traced = trace(objective, batch as SymbolicBatch<Specs>);
  requireKnown(
    'parameter',
    Object.keys(frozen),
    traced.parameters.map(({ name }) => name),
  );
  const { loss, metrics = {}, outputs: asked = {} } = traced.output;
  checkMetrics(metrics);
  const outputs: Record<string, Tensor> = { loss };
  for (const [name, value] of Object.entries(metrics)) outputs[`metric.${name}`] = value;
  const scalars = Object.keys(outputs).filter((name) => volume((outputs[name] as Tensor).shape) === 1);
  for (const [name, value] of Object.entries(asked)) {
    if (outputs[name] !== undefined)
      throw new AppError('USAGE', `expected an output name of its own, got "${name}", which is taken`);
    outputs[name] = value;
  }
  const model = emitModel(outputs, { inputs: Object.values(batch), weights: frozen, isPortable: false });
  const fed = new Set(model.graph.inputs.map(({ name }) => name));
  return {
    model: writeModel(model),
    inputs: programInputs(batch, outputs),
    parameters: traced.parameters.flatMap(({ name, tensor }) =>
      fed.has(name) ? [{ name, shape: tensor.shape }] : [],
    ),
    scalars,
  };
}
