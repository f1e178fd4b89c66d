// Made-up sessions for tests: a walk over a ring of items with repeats, or noise, drawn from a seed.
import { random } from '../../core/random.ts';
import { cutSequences, type NextItemCases, type Sequences, sequenceCount } from '../../core/sequences.ts';

export interface MadeUpSequences {
  readonly sessions: number;
  readonly items: number;
  readonly seed: number;
  /** Whether the next item depends on the ones before; else every item is drawn alike from skewed popularity. */
  readonly signal: boolean;
  /** Chance that the next item is one of the session's own, where there is a signal. */
  readonly repeats?: number;
  readonly times?: boolean;
}

const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

/** Sessions of 2 to 9 events, one begun every minute. */
export function madeUpSequences({
  sessions,
  items,
  seed,
  signal,
  repeats = 0,
  times = true,
}: MadeUpSequences): Sequences {
  const draw = random(seed);
  const skew = Float64Array.from({ length: items }, (_, item) => 1 / (2 + item));
  const offsets = new Uint32Array(sessions + 1);
  const [codes, timesMs]: [number[], number[]] = [[], []];
  for (let session = 0; session < sessions; session++) {
    const length = 2 + draw.integer(8);
    const own: number[] = [];
    for (let event = 0; event < length; event++) {
      const last = own.at(-1);
      if (last === undefined || !signal) own.push(draw.choice(skew));
      else if (draw.uniform() < repeats) own.push(own[draw.integer(own.length)]);
      else if (draw.uniform() < 0.8) own.push((last + 1 + draw.integer(2)) % items);
      else own.push(draw.integer(items));
      timesMs.push(START_MS + session * MINUTE_MS + event * 1000);
    }
    codes.push(...own);
    offsets[session + 1] = codes.length;
  }
  return {
    entities: Array.from({ length: sessions }, (_, i) => `s${String(i).padStart(6, '0')}`),
    offsets,
    items: Int32Array.from(codes),
    ...(times && { timesMs: Float64Array.from(timesMs) }),
    itemIds: Array.from({ length: items }, (_, i) => `item ${i}`),
  };
}

/** The last event of each sequence asked for from what came before. */
export function lastItemCases(sequences: Sequences): NextItemCases {
  const { offsets, items } = sequences;
  const rows = Array.from({ length: sequenceCount(sequences) }, (_, row) => row);
  return {
    before: cutSequences(sequences, rows, (row) => [offsets[row], offsets[row + 1] - 1]),
    targets: Int32Array.from(rows, (row) => items[offsets[row + 1] - 1]),
  };
}
