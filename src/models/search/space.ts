// Points of a search space: drawn, checked, and moved to and from the unit cube where a search thinks.
import { AppError, invariant } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { Dimension, SearchSpace, Settings } from '../estimator.ts';

export type NumberDimension = Extract<Dimension, { kind: 'number' }>;
export type Value = Settings[string];

/** Names in the order positions stand in; how the space was written down never matters. */
export const dimensionsOf = (space: SearchSpace): readonly string[] => Object.keys(space).sort();

/** The ends of a number's axis; an integer owns the unit around it, so that each is equally near its neighbours. */
function axis({ low, high, log, integer }: NumberDimension): { from: number; to: number } {
  const half = integer ? 0.5 : 0;
  const ends = [low - half, high + half];
  const [from, to] = log ? ends.map(Math.log) : ends;
  return { from, to };
}

/** @throws AppError USAGE naming the dimension that cannot be searched */
export function checkSpace(space: SearchSpace): void {
  for (const name of dimensionsOf(space)) {
    const dimension = space[name];
    const complain = (expected: string) => {
      throw new AppError('USAGE', `setting "${name}": expected ${expected}`);
    };
    if (dimension.kind === 'choice') {
      if (dimension.options.length === 0) complain('at least one option to choose from');
      continue;
    }
    const { low, high, log, integer } = dimension;
    if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high))
      complain('a lowest value up to a highest');
    if (integer && !(Number.isInteger(low) && Number.isInteger(high))) complain('whole numbers as its ends');
    if (log && low <= 0) complain('a lowest value above 0, for it is tried in the logarithm');
  }
}

export function lies(dimension: Dimension, value: Value | undefined): boolean {
  if (dimension.kind === 'choice') return dimension.options.includes(value as Value);
  if (typeof value !== 'number') return false;
  const { low, high, integer } = dimension;
  return value >= low && value <= high && (!integer || Number.isInteger(value));
}

/** Whether every setting of the space is there and in range. */
export const isPoint = (space: SearchSpace, settings: Settings): boolean =>
  dimensionsOf(space).every((name) => lies(space[name], settings[name]));

/**
 * Where the settings lie in the unit cube: numbers in [0, 1], choices by their place among the options, [dimensions].
 * What lies outside is moved to the nearest end; what is missing to the middle, or the first option.
 */
export function positionOf(space: SearchSpace, settings: Settings): Float64Array {
  return Float64Array.from(dimensionsOf(space), (name) => {
    const [dimension, value] = [space[name], settings[name]];
    if (dimension.kind === 'choice') return Math.max(0, dimension.options.indexOf(value));
    if (typeof value !== 'number') return 0.5;
    const { from, to } = axis(dimension);
    const held = Math.min(dimension.high, Math.max(dimension.low, value));
    return to > from ? ((dimension.log ? Math.log(held) : held) - from) / (to - from) : 0.5;
  });
}

/** The settings at a place of the unit cube. */
export function settingsAt(space: SearchSpace, position: ArrayLike<number>): Settings {
  const names = dimensionsOf(space);
  return Object.fromEntries(names.map((name, at) => [name, valueAt(space[name], position[at])]));
}

function valueAt(dimension: Dimension, at: number): Value {
  if (dimension.kind === 'choice') {
    invariant(
      Number.isInteger(at) && at >= 0 && at < dimension.options.length,
      'a choice is one of its options',
    );
    return dimension.options[at];
  }
  const { low, high, log, integer } = dimension;
  const { from, to } = axis(dimension);
  const along = from + at * (to - from);
  const value = log ? Math.exp(along) : along;
  return Math.min(high, Math.max(low, integer ? Math.round(value) : value));
}

/** Evenly over the space; logarithms where the dimension asks for them. */
export function drawPosition(space: SearchSpace, draw: Random): Float64Array {
  return Float64Array.from(dimensionsOf(space), (name) => {
    const dimension = space[name];
    return dimension.kind === 'choice' ? draw.integer(dimension.options.length) : draw.uniform();
  });
}

/** A neighbour: every second dimension or so is moved, numbers by about `reach` of their range; at least one is. */
export function drawNear(
  space: SearchSpace,
  centre: ArrayLike<number>,
  draw: Random,
  reach: number,
): Float64Array {
  const names = dimensionsOf(space);
  const certain = draw.integer(Math.max(1, names.length));
  return Float64Array.from(names, (name, at) => {
    const dimension = space[name];
    const moved = draw.uniform() < 0.5 || at === certain;
    if (!moved) return centre[at];
    if (dimension.kind === 'choice') return anotherOf(dimension.options.length, centre[at], draw);
    return reflect(centre[at] + draw.normal(0, reach));
  });
}

const anotherOf = (options: number, present: number, draw: Random): number =>
  options > 1 ? (present + 1 + draw.integer(options - 1)) % options : present;

/** Back into [0, 1], as a ball from a wall: ends get no more than their share. */
function reflect(at: number): number {
  const folded = Math.abs(at) % 2;
  return folded > 1 ? 2 - folded : folded;
}

/** A place of an integer's axis belongs to the whole number nearest; gives that number's stretch of the axis. */
export function cellOf(dimension: NumberDimension, at: number): { from: number; to: number } {
  const { from, to } = axis(dimension);
  const value = valueAt(dimension, at) as number;
  const place = (v: number) => ((dimension.log ? Math.log(v) : v) - from) / (to - from);
  return to > from ? { from: place(value - 0.5), to: place(value + 0.5) } : { from: 0, to: 1 };
}
