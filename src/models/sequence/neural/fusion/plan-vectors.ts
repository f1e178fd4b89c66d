// Vectors of items as a plan keeps them: made round once, and all 0 where there is none.
import { AppError } from '../../../../core/errors.ts';
import type { ItemVectors } from '../../../../core/item-vectors.ts';
import { fitWhitening, type Whitening, whitened } from './whitening.ts';

/** One kind of vector, of all items of a plan; plain data, kept with the model. */
export interface PlanVectors {
  /** `text`, `image`. */
  readonly name: string;
  /** How vectors of items to come are made round. */
  readonly whitening: Whitening;
  /** Round vectors, then 1; all 0 of an item without one: [items, `fedWidth`] */
  readonly values: Float32Array;
}

/** Numbers fed an item: its round vector, and whether there is one. */
export const fedWidth = ({ whitening }: PlanVectors): number => whitening.width + 1;

export interface VectorShape {
  /** Numbers kept of each vector at most. */
  readonly vectorWidth: number;
  /** As of `fitWhitening`. */
  readonly roundness: number;
}

/**
 * Where nothing is told: of a few hundred items most directions are noise, and whole roundness would make it as loud as what
 * tells them apart.
 */
export const VECTORS: VectorShape = { vectorWidth: 512, roundness: 0.5 };

/** Kinds of which no item has a vector are left out. */
export const planVectors = (
  vectors: readonly ItemVectors[],
  { vectorWidth: width, roundness }: VectorShape,
): readonly PlanVectors[] =>
  vectors.flatMap((own) => {
    if (!own.known.some((one) => one === 1)) return [];
    const whitening = fitWhitening(own, width, roundness);
    return whitening.width === 0 ? [] : [{ name: own.name, whitening, values: fedValues(own, whitening) }];
  });

/**
 * Vectors of a catalogue that has grown or changed, made round as the plan's were.
 *
 * @param told without any of this name, no item has one
 * @throws AppError BAD_DATA for vectors of another width
 */
export function fedVectors(
  { name, whitening }: PlanVectors,
  told: readonly ItemVectors[] | undefined,
  items: number,
): Float32Array {
  const found = told?.find((own) => own.name === name);
  if (!found) return new Float32Array(items * (whitening.width + 1));
  if (found.width !== whitening.rawWidth)
    throw new AppError(
      'BAD_DATA',
      `expected "${name}" vectors of ${whitening.rawWidth} numbers, as the model learned from, got ${found.width}: use the same encoder`,
    );
  return fedValues(found, whitening);
}

function fedValues(own: ItemVectors, whitening: Whitening): Float32Array {
  const { width } = whitening;
  const round = whitened(own, whitening);
  const values = new Float32Array(own.known.length * (width + 1));
  own.known.forEach((known, item) => {
    if (known !== 1) return;
    values.set(round.subarray(item * width, (item + 1) * width), item * (width + 1));
    values[item * (width + 1) + width] = 1;
  });
  return values;
}

/** Writes the vector of an item at a place, zeros for an item there is not. */
export function writeVector(plan: PlanVectors, item: number, into: Float32Array, place: number): void {
  const size = fedWidth(plan);
  if (item >= 0 && (item + 1) * size <= plan.values.length)
    into.set(plan.values.subarray(item * size, (item + 1) * size), place * size);
  else into.fill(0, place * size, (place + 1) * size);
}

/** Classes of how often an item was met in training, by powers of two: 0 for never, 1 for once, 2 for two or three, … */
export const MET_LEVELS = 14;

export const metLevel = (count: number): number =>
  count > 0 ? Math.min(MET_LEVELS - 1, 1 + Math.floor(Math.log2(count))) : 0;
