// Between which numbers activations lie, from a few batches: what static quantisation rounds by.

import { AppError } from '../../core/errors.ts';
import type { OnnxModel } from '../../tensor/onnx/model.ts';
import type { Backend, RunArray, Session } from '../../tensor/session/session.ts';

export interface ActivationRange {
  readonly low: number;
  readonly high: number;
}

/** By name of the tensor in the ONNX graph. */
export type ActivationRanges = Readonly<Record<string, ActivationRange>>;

export interface CalibrationOptions {
  readonly backend: Backend;
  /** Which tensors: what `quantisedActivations` gives. */
  readonly activations: readonly string[];
  /** Feeds of the model, all of the same shapes; a few dozen examples do. */
  readonly batches: readonly Readonly<Record<string, RunArray>>[];
  /**
   * Share of the numbers, in percent, that lie inside the range; the rest, half at each end, is cut off. 100, the
   * default, takes the smallest and the largest. 99.99 ignores rare outliers, which would make all steps coarser.
   */
  readonly percentile?: number;
}

/** Finer than the 256 steps of a byte, so that a percentile costs no accuracy of its own. */
const BINS = 2048;

/**
 * Runs the model on the batches and watches the activations; with a percentile it runs twice, once for the ends and
 * once for what lies between.
 *
 * @param model with fixed input sizes: see `fixInputShapes`
 * @throws AppError USAGE without a batch or for a percentile outside (50, 100]; BAD_DATA for activations not finite
 */
export async function calibrate(model: OnnxModel, options: CalibrationOptions): Promise<ActivationRanges> {
  const { backend, activations, batches, percentile = 100 } = options;
  if (batches.length === 0) throw new AppError('USAGE', 'calibrate: expected at least one batch, got none');
  if (!(percentile > 50 && percentile <= 100))
    throw new AppError('USAGE', `calibrate: expected a percentile in (50, 100], got ${percentile}`);
  const session = await backend.open(watched(model, activations));
  try {
    const ranges = await ends(session, activations, batches);
    return percentile === 100 ? ranges : await inner(session, ranges, { batches, percentile });
  } finally {
    await session.release();
  }
}

/** The model with activations among its outputs; what is fed needs no output. */
function watched(model: OnnxModel, activations: readonly string[]): OnnxModel {
  const { graph } = model;
  const known = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  const added = activations.filter((name) => !known.has(name));
  const outputs = [...graph.outputs, ...added.map((name) => ({ name, elementType: 'float' as const }))];
  return { ...model, graph: { ...graph, outputs } };
}

type Batches = CalibrationOptions['batches'];

/** Shows every activation of every batch. */
async function watch(
  session: Session,
  names: readonly string[],
  batches: Batches,
  see: (name: string, values: Float32Array) => void,
): Promise<void> {
  for (const batch of batches) {
    const outputs = await session.run(batch);
    for (const name of names) see(name, (outputs[name] ?? batch[name]) as Float32Array);
  }
}

async function ends(
  session: Session,
  names: readonly string[],
  batches: Batches,
): Promise<Record<string, ActivationRange>> {
  const ranges: Record<string, ActivationRange> = {};
  await watch(session, names, batches, (name, values) => {
    let { low, high } = ranges[name] ?? { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
      if (!Number.isFinite(value))
        throw new AppError(
          'BAD_DATA',
          `calibrate: activation "${name}" is not finite; check model and batch`,
        );
    }
    ranges[name] = { low, high };
  });
  return ranges;
}

async function inner(
  session: Session,
  ranges: ActivationRanges,
  { batches, percentile }: { readonly batches: Batches; readonly percentile: number },
): Promise<ActivationRanges> {
  const names = Object.keys(ranges);
  const counts = Object.fromEntries(names.map((name) => [name, new Float64Array(BINS)]));
  await watch(session, names, batches, (name, values) => {
    const { low, high } = ranges[name] as ActivationRange;
    const bins = counts[name] as Float64Array;
    const perUnit = BINS / (high - low || 1);
    for (const value of values) {
      const bin = Math.min(BINS - 1, Math.floor((value - low) * perUnit));
      bins[bin] = (bins[bin] as number) + 1;
    }
  });
  const cut = (1 - percentile / 100) / 2;
  return Object.fromEntries(
    Object.entries(ranges).map(([name, range]) => [name, narrowed(range, counts[name] as Float64Array, cut)]),
  );
}

/** Leaves out bins at each end that together hold no more than a share `cut` of all. */
function narrowed({ low, high }: ActivationRange, bins: Float64Array, cut: number): ActivationRange {
  const allowed = cut * bins.reduce((a, b) => a + b, 0);
  const width = (high - low) / BINS;
  const skipped = (at: (i: number) => number): number => {
    let seen = 0;
    for (let i = 0; i < BINS; i++) {
      seen += bins[at(i)] as number;
      if (seen > allowed) return i;
    }
    return BINS;
  };
  return { low: low + width * skipped((i) => i), high: high - width * skipped((i) => BINS - 1 - i) };
}
