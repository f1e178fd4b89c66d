// Moments drawn inside histories: each is asked about as fine-tuning asks, by what was done before it and the silence since.
import type { Random } from '../../core/random.ts';
import { cutSequences, type Sequences, sequenceCount } from '../../core/sequences.ts';
import { NO_TYPE } from './histories.ts';
import type { PastHistories } from './past-histories.ts';

/** A moment in each of some histories, all [moments]. */
export interface Moments {
  /** Which history. */
  readonly rows: Int32Array;
  /** Before the end of all that is known, ms. */
  readonly agesMs: Float64Array;
  /** The first event after the moment, or the end of the history, among all events. */
  readonly ends: Uint32Array;
}

/**
 * A moment for each history, any time between its first event and `leastMs` before the end as likely as any other: as often
 * in long silences as they are long. Histories that began later have none.
 */
export function drawMoments({ histories, agesMs }: PastHistories, leastMs: number, draws: Random): Moments {
  const { offsets } = histories;
  const rows: number[] = [];
  const ages: number[] = [];
  const ends: number[] = [];
  for (let row = 0; row < sequenceCount(histories); row++) {
    const [start, end] = [offsets[row], offsets[row + 1]];
    if (start === end || !(agesMs[start] > leastMs)) continue;
    const age = leastMs + draws.uniform() * (agesMs[start] - leastMs);
    let first = start + 1;
    while (first < end && agesMs[first] > age) first++;
    rows.push(row);
    ages.push(age);
    ends.push(first);
  }
  return { rows: Int32Array.from(rows), agesMs: Float64Array.from(ages), ends: Uint32Array.from(ends) };
}

/** The history up to each of the moments `chosen`, at most `most` places long with the moment itself, which stands last. */
export function askedHistories(
  { histories, agesMs }: PastHistories,
  moments: Moments,
  { chosen, most }: { readonly chosen: ArrayLike<number>; readonly most: number },
): Sequences {
  const rows = Array.from(chosen, (at) => moments.rows[at]);
  const before = cutSequences(histories, rows, (row, i) => {
    const end = moments.ends[chosen[i]];
    return [Math.max(histories.offsets[row], end - most + 1), end];
  });
  const offsets = before.offsets.map((offset, i) => offset + i);
  const places = offsets[rows.length];
  const times = new Float64Array(places);
  for (let i = 0; i < rows.length; i++) {
    const last = moments.ends[chosen[i]] - 1;
    const told = before.timesMs?.subarray(before.offsets[i], before.offsets[i + 1]);
    if (told) times.set(told, offsets[i]);
    times[offsets[i + 1] - 1] = (told?.at(-1) ?? 0) + agesMs[last] - moments.agesMs[chosen[i]];
  }
  const spread = <T extends Int32Array | Uint8Array>(values: T, into: T): T => {
    for (let i = 0; i < rows.length; i++)
      into.set(values.subarray(before.offsets[i], before.offsets[i + 1]), offsets[i]);
    return into;
  };
  const { items, types, marks = [] } = before;
  return {
    ...before,
    offsets,
    items: spread(items, new Int32Array(places).fill(-1)),
    ...(before.timesMs && { timesMs: times }),
    ...(types && { types: spread(types, new Uint8Array(places).fill(NO_TYPE)) }),
    marks: marks.map((mark) => ({ ...mark, codes: spread(mark.codes, new Uint8Array(places)) })),
  };
}
