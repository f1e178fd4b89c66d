// How much heads, feed-forward units and blocks matter: how fast the loss moves when their gate does.

import { AppError } from '../../core/errors.ts';
import { gradients } from '../../tensor/gradient.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { emitModel } from '../../tensor/onnx/emit.ts';
import { input, leafName } from '../../tensor/ops/leaf.ts';
import type { Backend, RunArray } from '../../tensor/session/session.ts';
import { volume } from '../../tensor/type.ts';
import { type Module, trace } from '../module.ts';
import type { InputSpecs, Objective, SymbolicBatch } from '../program/training-program.ts';
import { type GateKind, gated } from './gates.ts';

/** Of one attention, feed-forward layer or block. */
export interface Importance {
  readonly kind: GateKind;
  readonly path: string;
  /** One number a head or unit; one for a block. In units of the loss. */
  readonly values: Float64Array;
}

export interface ImportanceOptions {
  readonly backend: Backend;
  /** Values of all parameters of the objective. */
  readonly values: Readonly<Record<string, Float32Array>>;
  /** Arrays for the objective's inputs; a few dozen examples do. */
  readonly batches: readonly Readonly<Record<string, RunArray>>[];
  /** Heads and blocks by default. */
  readonly kinds?: readonly GateKind[];
}

/**
 * E over examples of |∂loss / ∂gate|: a first-order guess of what leaving a part out costs.
 *
 * @throws AppError USAGE without batches; NOT_FOUND when the model has none of the kinds, or a value is missing
 * @see Michel, Levy and Neubig 2019, arXiv:1905.10650, eq. 2
 */
export async function gateImportance<Specs extends InputSpecs>(
  objective: Module<SymbolicBatch<Specs>, Objective>,
  specs: Specs,
  { backend, values, batches, kinds = ['head', 'block'] }: ImportanceOptions,
): Promise<readonly Importance[]> {
  if (batches.length === 0)
    throw new AppError('USAGE', 'gateImportance: expected at least one batch, got none');
  const symbols = Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, axes }]) => [name, input(name, dtype, axes)]),
  );
  const traced = trace(gated(objective, kinds), symbols as SymbolicBatch<Specs>);
  const { output, gates } = traced.output;
  if (gates.length === 0)
    throw new AppError(
      'NOT_FOUND',
      `gateImportance: expected a ${kinds.join(' or ')} in the model, got none`,
    );
  const missing = traced.parameters.find(({ name }) => values[name] === undefined);
  if (missing !== undefined)
    throw new AppError('NOT_FOUND', `expected a value for parameter "${missing.name}", got none`);

  const found = gradients(
    output.loss,
    gates.map(({ tensor }) => tensor),
  );
  const outputs = Object.fromEntries(found.map(({ dense }, i) => [`${i}`, dense as Tensor]));
  const model = emitModel(outputs, { inputs: Object.values(symbols), weights: values });
  const open = Object.fromEntries(
    gates.map(({ tensor }) => [leafName(tensor), new Float32Array(volume(tensor.shape)).fill(1)]),
  );
  const totals = gates.map(({ tensor }) => new Float64Array(tensor.shape[1] as number));
  const session = await backend.open(model);
  try {
    for (const batch of batches) {
      const slopes = await session.run({ ...batch, ...open });
      // the loss is a mean over the batch: an example's own slope is `examples` times what is found, and their mean is
      // the plain sum
      for (const [i, total] of totals.entries())
        for (const [k, slope] of (slopes[`${i}`] as Float32Array).entries())
          total[k % total.length] = (total[k % total.length] as number) + Math.abs(slope) / batches.length;
    }
  } finally {
    await session.release();
  }
  return gates.map(({ kind, path }, i) => ({ kind, path, values: totals[i] as Float64Array }));
}

export interface CutOptions {
  readonly kind: GateKind;
  /** How many to cut in the whole model. */
  readonly count: number;
  /**
   * Compares parts by their share of their own module's importance (Michel et al. §4.1; by default for heads and units):
   * the slopes of early and late layers differ in size.
   */
  readonly normalise?: boolean;
}

/** By path of the module, places in it: what `pruneTransformer` cuts. */
export type Cuts = Readonly<Record<string, readonly number[]>>;

/**
 * The least important parts; of each attention and feed-forward layer at least one stays, and at least one block.
 *
 * @throws AppError USAGE when there are not so many to cut
 */
export function leastImportant(
  importance: readonly Importance[],
  { kind, count, normalise = kind !== 'block' }: CutOptions,
): Cuts {
  const parts = importance
    .filter((one) => one.kind === kind)
    .flatMap(({ path, values }) => {
      const norm = normalise ? Math.hypot(...values) || 1 : 1;
      return Array.from(values, (value, place) => ({ path, place, value: value / norm }));
    });
  // a block is its own module; all of them together must keep one
  const group = (path: string): string => (kind === 'block' ? '' : path);
  const left = new Map<string, number>();
  for (const { path } of parts) left.set(group(path), (left.get(group(path)) ?? 0) + 1);
  const cuts: Record<string, number[]> = {};
  let wanted = count;
  for (const { path, place } of parts.sort((a, b) => a.value - b.value)) {
    const rest = left.get(group(path)) as number;
    if (wanted === 0 || rest === 1) continue;
    left.set(group(path), rest - 1);
    cuts[path] = [...(cuts[path] ?? []), place].sort((a, b) => a - b);
    wanted--;
  }
  if (wanted > 0)
    throw new AppError(
      'USAGE',
      `leastImportant: expected at most ${count - wanted} of kind ${kind} to cut, got ${count}`,
    );
  return cuts;
}
