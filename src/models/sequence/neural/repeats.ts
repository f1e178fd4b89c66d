// What is already in the history as a candidate of its own: how much likelier, or less likely, it is for being there.
import { zeros } from '../../../nn/initialise.ts';
import { linear } from '../../../nn/layers/linear.ts';
import { defineModule, type Module, type Scope } from '../../../nn/module.ts';
import type { Tensor } from '../../../tensor/graph.ts';
import { add, where } from '../../../tensor/ops/arithmetic.ts';
import { and, equal, greater, lessOrEqual, not } from '../../../tensor/ops/comparison.ts';
import { gather } from '../../../tensor/ops/indexing.ts';
import { constant } from '../../../tensor/ops/leaf.ts';
import { matmul } from '../../../tensor/ops/matrix.ts';
import { logSumExp } from '../../../tensor/ops/reductions.ts';
import { reshape, sum } from '../../../tensor/ops/structure.ts';

/** Classes of how many events ago an item was last met; the last takes all that is longer. */
export const REPEAT_LEVELS = 16;

export const repeatLevel = (eventsAgo: number): number => Math.min(eventsAgo, REPEAT_LEVELS - 1);

/** Where else in a window its items stand, all by place in the window. */
export interface RepeatPlaces {
  /** Next place of the same item, the window's length where there is none; the place itself for what has no code. */
  readonly again: Int32Array;
  /** Last place of the item asked for up to here, −1 where there is none. */
  readonly back: Int32Array;
}

/** Writes the places of one window of `items`, whose last is only asked for. */
export function writeRepeats(items: Int32Array, time: number, into: RepeatPlaces, at: number): void {
  const last = new Map<number, number>();
  const size = items.length - 1;
  for (let t = 0; t < size; t++) {
    const before = last.get(items[t]);
    if (before !== undefined) into.again[at + before] = t;
    into.again[at + t] = items[t] >= 0 ? time : t;
    if (items[t] >= 0) last.set(items[t], t);
    into.back[at + t] = last.get(items[t + 1]) ?? -1;
  }
}

/**
 * What is added to the score of an item met before: a number for how long ago, and one for the moment, since some
 * customers, and some hours, come back and others do not. states [..., width] and levels int32 to [..., levels' axes].
 */
export function repeatBonus(levels: Tensor): Module<Tensor, Tensor> {
  return defineModule('repeatBonus', (scope, states) => {
    const byAge = gather(scope.parameter('age', { levels: REPEAT_LEVELS }, zeros), levels);
    return add(byAge, scope.apply('moment', linear({ width: 1, initialise: zeros }), states));
  });
}

/** How many events ago the keys of a causal window lie, as classes: [time, keys]. */
export function ageLevels(time: number): Tensor {
  const levels = Int32Array.from({ length: time * time }, (_, i) =>
    repeatLevel(Math.max(0, Math.floor(i / time) - (i % time))),
  );
  return constant(levels, { time, keys: time }, 'int32');
}

export interface RepeatInput {
  /** [batch, time, width] */
  readonly states: Tensor;
  /** Of the events read, as vectors: [batch, time, width]. */
  readonly events: Tensor;
  /** int32 [batch, time], as in `RepeatPlaces`. */
  readonly again: Tensor;
  readonly back: Tensor;
}

export interface RepeatScores {
  /** ln Σ eˢ over the items met before, but for the one asked for: [batch, time]. */
  readonly others: Tensor;
  /** What the one asked for gets for having been met before, 0 where it was not: [batch, time]. */
  readonly bonus: Tensor;
}

/** Below any score, so that its share is 0. */
const LEFT_OUT = -1e9;

export function repeatScores(scope: Scope, { states, events, again, back }: RepeatInput): RepeatScores {
  const [batch, time] = states.shape as readonly [number, number];
  const extra = scope.apply('repeats', repeatBonus(ageLevels(time)), states);
  const scores = add(matmul(states, events, { transposeRight: true }), extra);
  const places = Int32Array.from({ length: time }, (_, place) => place);
  const now = constant(places, { time, keys: 1 }, 'int32');
  const then = constant(places, { time: 1, keys: time }, 'int32');
  // The last time an item was met stands for all.
  const isLatest = greater(reshape(again, { batch, time: 1, keys: time }), now);
  const isAsked = equal(reshape(back, { batch, time, keys: 1 }), then);
  const isOther = and(and(isLatest, lessOrEqual(then, now)), not(isAsked));
  return {
    others: logSumExp(where(isOther, scores, LEFT_OUT), -1),
    bonus: sum(where(isAsked, extra, 0), -1),
  };
}
