// What a parameter brings to the store, and what every kind of stored parameter can do.
import { AppError } from '../../core/errors.ts';
import type { Arena } from '../../tensor/arena.ts';
import type { Kernels } from '../../tensor/kernels/kernels.ts';
import type { Pass, UpdateRule } from './rule.ts';

/** A parameter and how it is trained. */
export interface ParameterSettings {
  readonly name: string;
  readonly shape: readonly number[];
  readonly rule: UpdateRule;
  /** 0 by default; `decayGroups` says which parameters usually take it. */
  readonly weightDecay?: number;
  /** Multiplies the learning rate, 1 by default; `layerwiseRates` gives deeper layers smaller ones. */
  readonly rateMultiplier?: number;
  /**
   * With a rule for rows: the most rows that the micro-batches of one step can touch together. It sizes the memory
   * for their gradients. By default 65,536, or all rows where there are fewer.
   */
  readonly touchedRows?: number;
}

/** A parameter as it is handed to the store; its first value is copied and not kept. */
export interface ParameterEntry extends ParameterSettings {
  readonly initial: Float32Array;
}

/** Training state by name; every bit of it matters for resuming. */
export type StateArrays = Readonly<Record<string, Float32Array | Int32Array>>;

/** What a checkpoint gives back. */
export type SavedArrays = Readonly<Record<string, Float32Array | Float64Array | Int32Array>>;

/** A parameter inside the store. */
export interface StoredParameter {
  readonly settings: ParameterSettings;
  readonly value: Float32Array<ArrayBuffer>;
  /** Averaged weights, where they are kept. */
  readonly average: Float32Array<ArrayBuffer> | undefined;
  /** Whether a gradient arrived since the last step. */
  readonly isPending: () => boolean;
  /** The sum of what arrived: whole, or the touched rows one after the other. */
  readonly gradient: () => Float32Array<ArrayBuffer>;
  readonly addDense: (gradient: Float32Array) => void;
  readonly addRows: (indices: Int32Array, values: Float32Array) => void;
  readonly move: (pass: Pass) => void;
  /** Forgets the gradient. */
  readonly clear: () => void;
  /** Live views of value, moments and step counts. */
  readonly state: StateArrays;
}

/** What the parameters of one store share. */
export interface Workshop {
  readonly arena: Arena;
  readonly kernels: Kernels;
  /** Gradients pass through here on their way from outside the arena: small enough to stay in the cache. */
  readonly stage: Float32Array<ArrayBuffer>;
  readonly stagedIndices: Int32Array<ArrayBuffer>;
  readonly keepsAverages: boolean;
}

/** 256 KB: a share of any second-level cache. */
export const STAGE_FLOATS = 65_536;

export const volumeOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

/** Visits `from` in pieces that lie in the arena: copied there, or as they are when they do already. */
export function eachStaged(
  { arena, stage }: Workshop,
  from: Float32Array,
  visit: (piece: Float32Array, start: number) => void,
): void {
  if (from.buffer === arena.memory.buffer) {
    visit(from, 0);
    return;
  }
  for (let start = 0; start < from.length; start += stage.length) {
    const piece = stage.subarray(0, Math.min(stage.length, from.length - start));
    piece.set(from.subarray(start, start + piece.length));
    visit(piece, start);
  }
}

/** `table[indices[i]] += values[i]` in order, for rows that come from outside the arena. Indices are checked already. */
export function scatterRows(
  { kernels, stage, stagedIndices }: Workshop,
  table: Float32Array,
  { indices, values, width }: { indices: Int32Array; values: Float32Array; width: number },
): void {
  const most = Math.min(stagedIndices.length, Math.floor(stage.length / width));
  for (let start = 0; start < indices.length; start += most) {
    const count = Math.min(most, indices.length - start);
    const rows = stage.subarray(0, count * width);
    const chosen = stagedIndices.subarray(0, count);
    rows.set(values.subarray(start * width, (start + count) * width));
    chosen.set(indices.subarray(start, start + count));
    kernels.addRows(table, chosen, rows, width);
  }
}

/** @throws AppError SHAPE unless `values` has a row for each index, and each index names a row */
export function checkRows(
  { name, shape }: ParameterSettings,
  indices: Int32Array,
  values: Float32Array,
): void {
  const [rows] = shape;
  const width = volumeOf(shape) / rows;
  if (values.length !== indices.length * width) {
    throw new AppError(
      'SHAPE',
      `row gradient of "${name}": expected [rows=${indices.length}, width=${width}], got ${values.length} numbers`,
    );
  }
  const wrong = indices.findIndex((index) => index < 0 || index >= rows);
  if (wrong >= 0) {
    throw new AppError(
      'SHAPE',
      `row gradient of "${name}": expected indices in [0, ${rows}), got ${indices[wrong]} at ${wrong}`,
    );
  }
}
