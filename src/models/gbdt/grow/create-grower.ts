// A grower over binned columns in memory that threads share: bins once, then a tree a step.
import { AppError, invariant, throwIfAborted } from '../../../core/errors.ts';
import type { Frame } from '../../../core/frame.ts';
import { pause } from '../../../core/pause.ts';
import { createGrowKernels } from '../kernels/create.ts';
import { binCount, learnInputs } from './binned-inputs.ts';
import { createCrew } from './crew.ts';
import { fillBins } from './fill-bins.ts';
import { growTree } from './grow-tree.ts';
import type { BinnedInput, CreateGrower, Grower, GrownTree, GrowStep } from './grower.ts';
import { planLayout, reserveMemory } from './layout.ts';
import { readLimits } from './limits.ts';
import type { GrowContext } from './node-work.ts';
import { leadRows } from './route.ts';

/** Largest |value| in whole steps: sums of up to 2^23 rows stay exact in a double, of more rows see `stepBits`. */
const MOST_BITS = 30;

/**
 * A grower for this frame.
 *
 * Gradients are rounded to 2^−30 of the largest one of the step (a power of two, so that larger ones keep all the bits
 * they have) and summed as integers: no sum depends on the order of rows or on who adds it.
 *
 * @throws AppError USAGE for settings that do not fit the frame, SHAPE when a given input has no column, BAD_DATA when
 *   the table is too large for 4 GB, INTERRUPTED
 */
export const createGrower: CreateGrower = async (frame, options) => {
  const { settings, weight, signal } = options;
  await pause(signal);
  const inputs = options.inputs ?? learnInputs(frame, settings, weight);
  const limits = readLimits(settings, inputs, frame);
  const layout = planLayout({
    rows: frame.rows,
    threads: 1,
    bins: inputs.map(binCount),
    leaves: settings.leaves,
  });
  const memory = reserveMemory(layout);
  const { buffer } = memory;
  const context: GrowContext = {
    kernels: createGrowKernels(memory, options.simd ?? true),
    layout,
    f64: new Float64Array(buffer),
    i32: new Int32Array(buffer),
    u8: new Uint8Array(buffer),
    isCategory: Uint8Array.from(inputs, ({ kind }) => Number(kind === 'category')),
    direction: limits.direction,
    categoryRidge: settings.categoryRidge,
  };
  await fillBins(context, { frame, inputs, signal });
  const crew = createCrew(context);
  const bits = stepBits(frame.rows);
  const gradient = new Float32Array(buffer, layout.gradient, frame.rows);
  const curvature = new Float32Array(buffer, layout.curvature, frame.rows);
  const leafOfRow = new Int32Array(buffer, layout.leafOfRow, frame.rows);
  return {
    inputs,
    rows: frame.rows,
    bytes: layout.bytes,
    gradient,
    curvature,
    async grow(step) {
      throwIfAborted(signal);
      checkStep(step, frame, inputs);
      if (step.gradient !== gradient) gradient.set(step.gradient);
      if (step.curvature !== curvature) curvature.set(step.curvature);
      const units = quantise(context, bits);
      if (step.rows !== undefined) context.i32.set(step.rows, layout.order >> 2);
      const fresh = await growTree({
        ...{ context, crew, inputs, limits, settings, units, seed: step.seed, signal },
        columns: step.columns ?? new Uint8Array(inputs.length).fill(1),
        rows: { count: step.rows?.length ?? frame.rows, isWhole: step.rows === undefined },
      });
      if (step.rows !== undefined) leadRows(context, fresh, step.rows);
      return { ...fresh.tree, leafOfRow, cover: coverOf(fresh.tree, leafOfRow, weight) };
    },
    async close() {},
  } satisfies Grower;
};

/** Bits a value may have so that the sum over all rows is exact in a double. */
const stepBits = (rows: number): number => Math.min(MOST_BITS, 53 - Math.ceil(Math.log2(Math.max(2, rows))));

/**
 * Gradients and curvatures as pairs in whole steps. @returns what a step of either is worth
 * @throws AppError DIVERGED when a value is not finite
 */
function quantise({ kernels, layout }: GrowContext, bits: number) {
  const { rows, gradient, curvature, pairs } = layout;
  const units = {
    gradient: stepOf(kernels.largest(gradient, rows), bits),
    curvature: stepOf(kernels.largest(curvature, rows), bits),
  };
  kernels.quantise(gradient, curvature, rows, 1 / units.gradient, 1 / units.curvature, pairs);
  return units;
}

/** A power of two, so that scaling back and forth rounds nothing. */
function stepOf(most: number, bits: number): number {
  if (!Number.isFinite(most))
    throw new AppError('DIVERGED', 'expected finite gradients, got one that is not; lower the learning rate');
  return most === 0 ? 1 : 2 ** (Math.floor(Math.log2(most)) + 1 - bits);
}

function checkStep(
  { gradient, curvature, rows, columns }: GrowStep,
  frame: Frame,
  inputs: readonly BinnedInput[],
) {
  invariant(gradient.length === frame.rows && curvature.length === frame.rows, 'a gradient for every row');
  invariant(rows === undefined || rows.length <= frame.rows, 'rows to learn from are rows of the frame');
  invariant(columns === undefined || columns.length === inputs.length, 'a flag for every input');
}

/** Training weight of each node: of its leaves, added from the last node to the first. */
function coverOf(
  { feature, left, right }: Omit<GrownTree, 'cover' | 'leafOfRow'>,
  leafOfRow: Int32Array,
  weight: Float64Array | undefined,
): Float64Array {
  const cover = new Float64Array(feature.length);
  if (weight === undefined) for (let row = 0; row < leafOfRow.length; row++) cover[leafOfRow[row]]++;
  else for (let row = 0; row < leafOfRow.length; row++) cover[leafOfRow[row]] += weight[row];
  for (let node = feature.length - 1; node >= 0; node--)
    if (feature[node] >= 0) cover[node] = cover[left[node]] + cover[right[node]];
  return cover;
}
