// A grower over binned columns in memory that threads share: bins once, then a tree a step.
import { invariant, throwIfAborted } from '../../../core/errors.ts';
import type { Frame } from '../../../core/frame.ts';
import { pause } from '../../../core/pause.ts';
import { random } from '../../../core/random.ts';
import { cellBytes } from '../kernels/create.ts';
import { binCount, learnInputs } from './binned-inputs.ts';
import { createCrew } from './crew.ts';
import { fillBins } from './fill-bins.ts';
import { growTree } from './grow-tree.ts';
import type { BinnedInput, CreateGrower, Grower, GrowStep } from './grower.ts';
import { ALONE, type Job, runJob } from './jobs.ts';
import { planLayout, reserveMemory } from './layout.ts';
import { readLimits } from './limits.ts';
import { growContext } from './node-work.ts';
import { quantise } from './quantise.ts';
import { leadRows } from './route.ts';
import { startTeam } from './team.ts';
import type { FreshTree } from './tree-record.ts';

/** More would share rows too finely. */
const MOST_THREADS = 32;

/**
 * A grower for this frame.
 *
 * Gradients are rounded to 2^−30 of the largest one of the step and summed as integers (see quantise.ts): no sum depends
 * on the order of rows or on who adds it.
 *
 * @throws AppError USAGE for settings that do not fit the frame, SHAPE when a given input has no column, BAD_DATA when
 *   the table is too large for 4 GB, INTERRUPTED
 */
export const createGrower: CreateGrower = async (frame, options) => {
  const { settings, weight, signal } = options;
  await pause(signal);
  const inputs = options.inputs ?? learnInputs(frame, settings, weight);
  const limits = readLimits(settings, inputs, frame);
  const simd = options.simd ?? true;
  const threads = Math.max(1, Math.min(options.threads, MOST_THREADS));
  const layout = planLayout({
    rows: frame.rows,
    threads,
    bins: inputs.map(binCount),
    leaves: settings.leaves,
    cellBytes: cellBytes(simd),
  });
  const memory = reserveMemory(layout);
  const { buffer } = memory;
  const start = {
    ...{ memory, simd, direction: limits.direction, categoryRidge: settings.categoryRidge },
    isCategory: Uint8Array.from(inputs, ({ kind }) => Number(kind === 'category')),
  };
  const context = growContext({ ...start, layout });
  const team = threads > 1 ? await startTeam(context, start) : undefined;
  const together = team?.together ?? ((job: Job) => runJob(context, job, ALONE));
  try {
    const bin = (rows: { start: number; count: number }) => together({ kind: 'bin', isWhole: true, ...rows });
    await fillBins(context, bin, { frame, inputs, signal });
  } catch (error) {
    await team?.close();
    throw error;
  }
  const crew = createCrew(context, team?.together);
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
      const units = quantise(context);
      if (step.rows !== undefined) context.i32.set(step.rows, layout.order / 4);
      const fresh = await growTree({
        ...{ context, crew, inputs, limits, settings, units, draw: random(step.seed), signal },
        columns: step.columns ?? new Uint8Array(inputs.length).fill(1),
        rows: { count: step.rows?.length ?? frame.rows, isWhole: step.rows === undefined },
      });
      if (step.rows !== undefined) leadRows(context, fresh, step.rows);
      return {
        ...fresh.tree,
        leafOfRow,
        cover: coverOf(fresh, { leafOfRow, weight, isAll: step.rows === undefined }),
      };
    },
    async close() {
      await team?.close();
    },
  } satisfies Grower;
};

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
  { tree: { feature, left, right }, rows }: FreshTree,
  { leafOfRow, weight, isAll }: { leafOfRow: Int32Array; weight: Float64Array | undefined; isAll: boolean },
): Float64Array {
  const cover = new Float64Array(feature.length);
  // Where every row was learned from, its leaf has counted it.
  if (weight === undefined && isAll) cover.set(rows);
  else for (let row = 0; row < leafOfRow.length; row++) cover[leafOfRow[row]] += weight ? weight[row] : 1;
  for (let node = feature.length - 1; node >= 0; node--)
    if (feature[node] >= 0) cover[node] = cover[left[node]] + cover[right[node]];
  return cover;
}
