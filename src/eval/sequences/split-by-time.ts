// Split by time: what happened before a moment is learned from, what came from then on is asked about.

import type { CaseView } from '../../core/case-view.ts';
import { AppError } from '../../core/errors.ts';
import { cutSequences, type Sequences, sequenceCount, takeSequences } from '../../core/sequences.ts';
import { everyPrefix } from './prefixes.ts';

export interface TimeSplit {
  /** Entities with an event before the moment. */
  readonly train: Sequences;
  /** Every event from then on with another one of the same entity before it. */
  readonly test: CaseView;
  /** Events from then on that are an entity's very first: nothing is known to answer from. */
  readonly firsts: number;
}

/**
 * @param fromMs UTC ms: training is `(−∞, fromMs)`, test `[fromMs, ∞)`
 * @throws AppError BAD_DATA for sequences without moments, NOT_ENOUGH_DATA when a side is empty
 */
export function splitByTime(sequences: Sequences, fromMs: number): TimeSplit {
  const { offsets, timesMs } = sequences;
  if (!timesMs) throw new AppError('BAD_DATA', 'expected moments to split by time, only the order is known');
  const count = sequenceCount(sequences);
  const cut = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    let at = offsets[row];
    while (at < offsets[row + 1] && timesMs[at] < fromMs) at++;
    cut[row] = at;
  }
  const rows = Array.from({ length: count }, (_, row) => row);
  const known = rows.filter((row) => cut[row] > offsets[row]);
  const later = rows.filter((row) => cut[row] < offsets[row + 1]);
  // Those asked about alone: what is kept of a test holds nobody else.
  const asked = takeSequences(sequences, later);
  const test = everyPrefix(asked, undefined, (i) => {
    const before = cut[later[i]] - offsets[later[i]];
    return asked.offsets[i] + Math.max(before, 1);
  });
  if (known.length === 0 || test.targets.length === 0) {
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected events before the moment and later ones with a history, got ${known.length} sequences before and ${test.targets.length} events to ask about: name another moment`,
    );
  }
  return {
    train: cutSequences(sequences, known, (row) => [offsets[row], cut[row]]),
    test,
    firsts: later.filter((row) => cut[row] === offsets[row]).length,
  };
}
