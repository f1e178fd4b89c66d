// Every trained parameter of a model in one arena: its value, its gradient, what the optimiser remembers, its average.
import { AppError } from '../../core/errors.ts';
import { type Arena, arenaBytes } from '../../tensor/arena.ts';
import type { Kernels } from '../../tensor/kernels/kernels.ts';
import { denseLengths, denseParameter } from './dense-parameter.ts';
import { type Gradient, type GradientTransform, mergeGradients } from './gradient.ts';
import { rowLengths, rowParameter } from './row-parameter.ts';
import {
  type ParameterEntry,
  type SavedArrays,
  STAGE_FLOATS,
  type StateArrays,
  type StoredParameter,
  volumeOf,
  type Workshop,
} from './stored-parameter.ts';

export interface StoreOptions {
  /**
   * Keeps an average of the weights with this memory, .999 say; over the first steps with (1 + step) / (10 + step)
   * where that is less, so that the first values are forgotten soon (as TensorFlow's ExponentialMovingAverage).
   * Tables trained by rows have none: it would have to follow the whole table at every step.
   */
  readonly averageDecay?: number;
}

export interface StepOptions {
  readonly learningRate: number;
  /** Largest norm of the whole gradient; a longer one is scaled down to it. */
  readonly clipNorm?: number;
  /** Gradients are divided by this: the number of micro-batches where their losses are means. 1 by default. */
  readonly divisor?: number;
}

export interface StepReport {
  /** Norm over all parameters, after the divisor and before clipping. */
  readonly gradientNorm: number;
  readonly clipped: boolean;
  /** False when the norm was not finite: then nothing moved, and the gradients are still there to be looked at. */
  readonly applied: boolean;
}

/** The first number that is none. */
export interface NonFinite {
  readonly name: string;
  readonly part: 'gradient' | 'value';
  /** Into the value, or into what `gradient` gives. */
  readonly index: number;
}

/** Created by `createParameterStore`; all names are those of its entries. */
export interface ParameterStore {
  readonly names: readonly string[];
  /** The live value, for feeding to a session without a copy. @throws AppError NOT_FOUND */
  value(name: string): Float32Array<ArrayBuffer>;
  /**
   * The live sum of gradients: noise may be added to it. A session may also write its output here; handing this very
   * array to `addDense` then copies nothing. For a table trained by rows, the touched rows one after the other.
   */
  gradient(name: string): Float32Array<ArrayBuffer>;
  /** @throws AppError SHAPE; USAGE when the parameter is trained by rows */
  addDense(name: string, gradient: Float32Array): void;
  /** `values` [rows, width] go to rows `indices`, which may repeat; added in order. @throws AppError SHAPE */
  addRows(name: string, indices: Int32Array, values: Float32Array): void;
  /** Adds one micro-batch; with a transform, after merging what belongs to one parameter. */
  add(gradients: readonly Gradient[], transform?: GradientTransform): void;
  /** Norm of the sum of gradients over all parameters. */
  gradientNorm(): number;
  /** Where a NaN or infinity is, gradients first, in the order of the entries. */
  firstNonFinite(): NonFinite | undefined;
  /** Moves every parameter that got a gradient, and forgets the gradients. */
  step(options: StepOptions): StepReport;
  /** Forgets the gradients. */
  zero(): void;
  /** Exchanges weights and averaged weights in place; again, to go back. No step is taken in between. */
  swapAverages(): void;
  /** Steps taken. */
  readonly steps: number;
  /** Live views of all that a resume needs; write or copy them before the next step. */
  state(): StateArrays;
  /** A copy of `state`. */
  export(): StateArrays;
  /**
   * Puts a state back bit for bit, and forgets the gradients; arrays of other names, a trainer's own, are passed over.
   *
   * @throws AppError SHAPE when an array is missing or differs in kind or length; then nothing was changed
   */
  restore(saved: SavedArrays): void;
}

/** Bytes of arena that a store of these parameters takes. */
export function storeBytes(entries: readonly ParameterEntry[], { averageDecay }: StoreOptions = {}): number {
  const lengths = entries.flatMap((entry) =>
    entry.rule.layout === 'rows' ? rowLengths(entry) : denseLengths(entry, averageDecay !== undefined),
  );
  return arenaBytes([...lengths, stageFloats(entries), STAGE_FLOATS]);
}

const stageFloats = (entries: readonly ParameterEntry[]): number =>
  entries.reduce((most, { shape }) => Math.max(most, volumeOf(shape.slice(1))), STAGE_FLOATS);

/**
 * Lays the parameters out in an arena, in order.
 *
 * @param kernels made for the same arena
 * @throws AppError USAGE when a name comes twice or the arena is too small (`storeBytes` says what is needed); SHAPE
 *   when a first value does not fit its shape
 */
export function createParameterStore(
  arena: Arena,
  kernels: Kernels,
  entries: readonly ParameterEntry[],
  { averageDecay }: StoreOptions = {},
): ParameterStore {
  checkEntries(entries);
  const workshop: Workshop = {
    ...{ arena, kernels, keepsAverages: averageDecay !== undefined },
    ...{ stage: arena.floats(stageFloats(entries)), stagedIndices: arena.ints(STAGE_FLOATS) },
  };
  const parameters = new Map(
    entries.map(({ initial, ...settings }) => {
      const { rule } = settings;
      const stored =
        rule.layout === 'rows'
          ? rowParameter(settings, rule, workshop)
          : denseParameter(settings, rule, workshop);
      stored.value.set(initial);
      stored.average?.set(initial);
      return [settings.name, stored] as const;
    }),
  );
  const all = [...parameters.values()];
  const counts = new Int32Array(1);
  let swapped = false;

  const find = (name: string): StoredParameter => {
    const found = parameters.get(name);
    if (!found)
      throw new AppError('NOT_FOUND', `expected one of ${parameters.size} trained parameters, got "${name}"`);
    return found;
  };
  const norm = (): number =>
    Math.sqrt(all.reduce((sum, p) => (p.isPending() ? sum + kernels.sumOfSquares(p.gradient()) : sum), 0));
  const zero = () => all.forEach((p) => void p.clear());
  const add = (gradients: readonly Gradient[]) => {
    for (const { name, values, indices } of gradients) {
      if (indices) find(name).addRows(indices, values);
      else find(name).addDense(values);
    }
  };
  const state = (): Record<string, Float32Array | Int32Array> => {
    refuse(swapped, 'the averaged weights are in place of the weights; call swapAverages first');
    return Object.fromEntries([
      ...all.flatMap((p) =>
        Object.entries(p.state).map(([part, array]) => [`${part}.${p.settings.name}`, array]),
      ),
      ['steps', counts],
    ]);
  };

  return {
    names: [...parameters.keys()],
    value: (name) => find(name).value,
    gradient: (name) => find(name).gradient(),
    addDense: (name, gradient) => find(name).addDense(gradient),
    addRows: (name, indices, values) => find(name).addRows(indices, values),
    add(gradients, transform) {
      if (!transform) return add(gradients);
      const merged = mergeGradients(gradients);
      transform(merged);
      add(merged);
    },
    gradientNorm: norm,
    firstNonFinite: () =>
      firstIn(all, 'gradient', (p) => (p.isPending() ? kernels.firstNonFinite(p.gradient()) : -1)) ??
      firstIn(all, 'value', (p) => kernels.firstNonFinite(p.value)),
    step({ learningRate, clipNorm = Number.POSITIVE_INFINITY, divisor = 1 }) {
      refuse(swapped, 'the averaged weights are in place of the weights; call swapAverages first');
      const gradientNorm = norm() / divisor;
      if (!Number.isFinite(gradientNorm)) return { gradientNorm, clipped: false, applied: false };
      // the 1e-6 is that of PyTorch's clip_grad_norm_
      const clip = Math.min(1, clipNorm / (gradientNorm + 1e-6));
      const averageRate = 1 - Math.min(averageDecay ?? 0, (1 + counts[0]) / (10 + counts[0]));
      for (const parameter of all) {
        if (!parameter.isPending()) {
          if (parameter.average) kernels.follow(parameter.average, parameter.value, averageRate);
          continue;
        }
        const { weightDecay = 0, rateMultiplier = 1 } = parameter.settings;
        parameter.move({
          ...{ rate: learningRate * rateMultiplier, weightDecay },
          ...{ gradientScale: clip / divisor, averageRate },
        });
      }
      counts[0]++;
      zero();
      return { gradientNorm, clipped: clip < 1, applied: true };
    },
    zero,
    swapAverages() {
      refuse(averageDecay === undefined, 'no averages are kept; create the store with averageDecay');
      for (const { value, average } of all) if (average) exchange(value, average, workshop.stage);
      swapped = !swapped;
    },
    get steps() {
      return counts[0];
    },
    state,
    export: () => Object.fromEntries(Object.entries(state()).map(([name, array]) => [name, array.slice()])),
    restore(saved) {
      const own = state();
      checkState(own, saved);
      for (const [name, array] of Object.entries(own)) array.set(saved[name]);
      zero();
    },
  };
}

function refuse(when: boolean, message: string): void {
  if (when) throw new AppError('USAGE', `parameter store: ${message}`);
}

function firstIn(
  parameters: readonly StoredParameter[],
  part: NonFinite['part'],
  look: (parameter: StoredParameter) => number,
): NonFinite | undefined {
  for (const parameter of parameters) {
    const index = look(parameter);
    if (index >= 0) return { name: parameter.settings.name, part, index };
  }
  return undefined;
}

function exchange(left: Float32Array, right: Float32Array, stage: Float32Array): void {
  for (let start = 0; start < left.length; start += stage.length) {
    const end = Math.min(left.length, start + stage.length);
    const held = stage.subarray(0, end - start);
    held.set(left.subarray(start, end));
    left.set(right.subarray(start, end), start);
    right.set(held, start);
  }
}

function checkEntries(entries: readonly ParameterEntry[]): void {
  const seen = new Set<string>();
  for (const { name, shape, initial } of entries) {
    refuse(seen.has(name), `parameter "${name}" comes twice`);
    seen.add(name);
    if (initial.length !== volumeOf(shape)) {
      throw new AppError(
        'SHAPE',
        `parameter "${name}": expected ${volumeOf(shape)} numbers [${shape}], got ${initial.length}`,
      );
    }
  }
}

function checkState(own: StateArrays, saved: SavedArrays): void {
  for (const [name, array] of Object.entries(own)) {
    const found = saved[name];
    if (found?.length === array.length && found.constructor === array.constructor) continue;
    const kind = (values: SavedArrays[string]) =>
      `${values.length} ${values instanceof Int32Array ? 'integers' : 'numbers'}`;
    throw new AppError(
      'SHAPE',
      `training state "${name}": expected ${kind(array)}, got ${found ? kind(found) : 'none'}; resume with the model and optimiser that saved it`,
    );
  }
}
