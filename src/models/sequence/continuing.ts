// What it is to continue a model: what is new since it learned, how it is learned with some of the old among it, what that took.
import { AppError } from '../../core/errors.ts';
import type { Sequences } from '../../core/sequences.ts';

/** Histories as they are now, and where in each the new part begins. */
export interface NewsOf {
  readonly known: Sequences;
  /** Place among all events of a sequence's first new one; its end where nothing is new: [entities] */
  readonly newFrom: Uint32Array;
}

export interface ContinueSettings {
  /** Of the histories read, from 0 to below 1, how many are old ones. */
  readonly replay: number;
  /** Times the new events are read; as often as `compute` allows where absent, and no more often than a first fit reads. */
  readonly epochs?: number;
  /** Of the questions a fit of everything would ask, what continuing may ask. */
  readonly compute: number;
  /** At most. */
  readonly steps: number;
  /** Of the rate at which the model first learned. */
  readonly rate: number;
  /** Of each weight in the end, from 0 to below 1, what it was before: what a few steps on a month move by chance is halved so. */
  readonly hold: number;
}

/**
 * A quarter of what is read is old: more costs as much as it keeps. The new is read as often as a first fit would read it
 * where that stays under an eighth of its cost, at twice the rate: fewer readings, or a lower rate, leave new items where
 * they began. A shop where nothing changes is better served by holding half, one that moves is not.
 */
export const CONTINUE_DEFAULTS: ContinueSettings = {
  ...{ replay: 0.25, compute: 0.12, steps: 100_000 },
  ...{ rate: 2, hold: 0 },
};

/** @throws AppError USAGE */
export function checkContinue({ replay, epochs = 1, compute, steps, rate, hold }: ContinueSettings): void {
  const wrong = [
    ['a share of replay from 0 to below 1', replay, replay >= 0 && replay < 1],
    ['readings of the new events, at least 1', epochs, Number.isInteger(epochs) && epochs >= 1],
    ['a share of the cost of a first fit above 0', compute, compute > 0 && Number.isFinite(compute)],
    ['steps, at least 1', steps, Number.isInteger(steps) && steps >= 1],
    ['a share held from 0 to below 1', hold, hold >= 0 && hold < 1],
    ['a part of the first rate above 0', rate, rate > 0 && Number.isFinite(rate)],
  ].find(([, , isFine]) => !isFine);
  if (wrong) throw new AppError('USAGE', `expected ${wrong[0]}, got ${wrong[1]}`);
}

/** What a fit of everything would come to. */
export interface WholeFit {
  /** Questions of one reading. */
  readonly asked: number;
  readonly readings: number;
}

/** @param asked questions of one reading of the new, with what is replayed */
export const readingsFor = ({ epochs, compute }: ContinueSettings, asked: number, whole: WholeFit): number =>
  epochs ??
  Math.max(
    1,
    Math.min(Math.ceil(whole.readings), Math.floor((compute * whole.asked * whole.readings) / asked)),
  );

/** What continuing took. */
export interface Effort {
  readonly steps: number;
  /** Histories read, all steps together. */
  readonly examples: number;
  /** Events asked for, all steps together. */
  readonly asked: number;
  /** Of the histories of an epoch, the old ones drawn among them. */
  readonly replayed: number;
  readonly windows: number;
}

/** Events from a moment on as the new part of each sequence. @param sinceMs UTC ms: what is later is new */
export function newsSince(known: Sequences, sinceMs: number): NewsOf {
  const { offsets, timesMs } = known;
  if (!timesMs)
    throw new AppError(
      'BAD_DATA',
      'expected moments to tell new events from old ones, only the order is known',
    );
  const newFrom = Uint32Array.from({ length: offsets.length - 1 }, (_, row) => {
    let at = offsets[row + 1];
    while (at > offsets[row] && timesMs[at - 1] > sinceMs) at--;
    return at;
  });
  return { known, newFrom };
}
