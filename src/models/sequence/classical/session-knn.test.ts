// Nearest sessions against an example worked out by hand, and against a plain loop over all past sessions.
import { describe, expect, it } from 'vitest';
import { silent } from '../../../core/progress.ts';
import { random } from '../../../core/random.ts';
import type { Sequences } from '../../../core/sequences.ts';
import type { FitRun } from '../../estimator.ts';
import { madeUpSequences } from '../made-up-sequences.ts';
import { recencyWeights, rowsByAge } from './event-recency.ts';
import { emptyTally } from './evidence.ts';
import { indexSessions, sessionLog } from './neighbour-sessions.ts';
import { gatherFromNeighbours, type SessionKnnSettings, sessionKnn } from './session-knn.ts';

const RUN: FitRun = { seed: 1, threads: 1, progress: silent };
const PLAIN: SessionKnnSettings = {
  lookBack: 20,
  decay: 1,
  idfPower: 0,
  lengthPower: 0.5,
  sample: 1e6,
  neighbours: 1e6,
  halfLife: 0,
  spread: 1,
  backward: 1,
  shared: 1,
  popularShare: 0.01,
  longest: 1000,
};

const sequences = (lists: readonly (readonly number[])[], timesMs?: readonly number[]): Sequences => ({
  entities: lists.map((_, i) => `s${i}`),
  offsets: Uint32Array.from([0, ...lists.map((_, i) => lists.slice(0, i + 1).flat().length)]),
  items: Int32Array.from(lists.flat()),
  ...(timesMs && { timesMs: Float64Array.from(timesMs) }),
  itemIds: ['a', 'b', 'c', 'd', 'e'],
});

/** What the neighbours speak for, [items]. */
function evidence(train: Sequences, history: readonly number[], settings: SessionKnnSettings): number[] {
  const log = sessionLog(train, recencyWeights(train, settings.halfLife), settings.longest);
  const tally = emptyTally(train.itemIds.length);
  const gather = gatherFromNeighbours(indexSessions(log, train.itemIds.length), settings);
  // Another search first: nothing of it may remain.
  gather(Int32Array.of(1, 0), emptyTally(train.itemIds.length));
  gather(Int32Array.from(history), tally);
  return [...tally.sums];
}

/** The definition, word for word: every past session, every shared item. */
function plainEvidence(train: Sequences, history: readonly number[], s: SessionKnnSettings): Float64Array {
  const recency = recencyWeights(train, s.halfLife);
  const past = [...rowsByAge(train)]
    .map((row) => ({
      items: [...train.items.subarray(train.offsets[row], train.offsets[row + 1])],
      newness: recency[train.offsets[row + 1] - 1],
    }))
    .filter(({ items }) => items.length > 1);
  const latest = [...new Set([...history].reverse())].slice(0, s.lookBack);
  const near = past.map(({ items, newness }, session) => {
    const shared = latest.filter((item) => {
      const holders = past.flatMap((other, i) => (other.items.includes(item) ? [i] : []));
      return items.includes(item) && holders.slice(-s.sample).includes(session);
    });
    const sum = shared.reduce((total, item) => {
      const holders = past.filter((other) => other.items.includes(item)).length;
      return total + s.decay ** latest.indexOf(item) * (1 + Math.log(past.length / holders)) ** s.idfPower;
    }, 0);
    const anchor = items.lastIndexOf(shared[0]);
    return { items, anchor, similarity: (sum * newness) / items.length ** s.lengthPower };
  });
  const bar = near.map(({ similarity }) => similarity).sort((a, b) => b - a)[s.neighbours - 1] ?? 0;
  const sums = new Float64Array(train.itemIds.length);
  for (const { items, anchor, similarity } of near) {
    if (similarity === 0 || similarity < bar - 1e-12) continue;
    items.forEach((item, place) => {
      const side = place < anchor ? s.backward : place > anchor ? 1 : s.shared;
      sums[item] += similarity * s.spread ** Math.abs(place - anchor) * side;
    });
  }
  return sums;
}

describe('nearest sessions', () => {
  const log = sequences([[0, 1], [0, 2, 3, 0], [1, 4], [2]]);

  it('are the cosine over shared items, as worked out by hand', () => {
    // Of sessions with a: {a, b} at 1 / √2 and {a, c, d, a} at 1 / √4; the lone c is no session.
    const [a, b, c, d, e] = evidence(log, [0], PLAIN);
    expect(b).toBeCloseTo(1 / Math.SQRT2);
    expect(c).toBeCloseTo(1 / 2);
    expect(d).toBeCloseTo(1 / 2);
    expect(a).toBeCloseTo(1 / Math.SQRT2 + 2 / 2);
    expect(e).toBe(0);
  });

  it('speak of what stood near the last place of the latest shared item', () => {
    const near = { ...PLAIN, spread: 0.5, backward: 0.2, lengthPower: 0 };
    // [a c d a], a last at the end: d a step before it, c two steps.
    const [a, b, c, d] = evidence(log, [0], near);
    expect(b).toBeCloseTo(0.5);
    expect(d).toBeCloseTo(0.5 * 0.2);
    expect(c).toBeCloseTo(0.25 * 0.2);
    expect(a).toBeCloseTo(1 + 1 + 0.125 * 0.2);
  });

  it('weigh the latest item most, and rare items more', () => {
    const [, , c, , e] = evidence(log, [1, 2], { ...PLAIN, decay: 0.3, lengthPower: 0 });
    expect(c).toBeCloseTo(1);
    expect(e).toBeCloseTo(0.3);
    // a is in two of three sessions, d in one.
    const rare = evidence(log, [0, 3], { ...PLAIN, idfPower: 1, lengthPower: 0 });
    expect(rare[1]).toBeCloseTo(1 + Math.log(3 / 2));
    expect(rare[2]).toBeCloseTo(1 + Math.log(3 / 2) + 1 + Math.log(3));
  });

  it('are looked for among the newest only', () => {
    const times = [9, 10, 1, 2, 3, 4, 5, 6, 7];
    const [, b, c] = evidence(sequences([[0, 1], [0, 2, 3, 0], [1, 4], [2]], times), [0], {
      ...PLAIN,
      sample: 1,
    });
    expect(b).toBeGreaterThan(0);
    expect(c).toBe(0);
  });

  it('agree with a plain loop over all past sessions, whatever the settings', () => {
    const train = madeUpSequences({ sessions: 80, items: 12, seed: 5, signal: true, repeats: 0.2 });
    const draw = random(8);
    for (let trial = 0; trial < 30; trial++) {
      const settings: SessionKnnSettings = {
        ...PLAIN,
        lookBack: 1 + draw.integer(4),
        decay: 0.2 + 0.8 * draw.uniform(),
        idfPower: 2 * draw.uniform(),
        lengthPower: draw.uniform(),
        sample: 3 + draw.integer(40),
        neighbours: 2 + draw.integer(30),
        halfLife: 0.1 + draw.uniform(),
        spread: 0.3 + 0.7 * draw.uniform(),
        backward: draw.uniform(),
        shared: draw.uniform(),
      };
      const history = Array.from({ length: 1 + draw.integer(6) }, () => draw.integer(12));
      const expected = plainEvidence(train, history, settings);
      const got = evidence(train, history, settings);
      for (let item = 0; item < 12; item++) expect(got[item]).toBeCloseTo(expected[item], 9);
    }
  });

  it('keep only the last events of endless sequences', async () => {
    const endless = sequences([Array.from({ length: 50 }, (_, i) => (i < 40 ? 0 : 1 + (i % 2)))]);
    const model = await sessionKnn.withSettings!({ longest: 5 }).fit(endless, undefined, RUN);
    expect(model.save().arrays?.sessionItems.length).toBe(5);
  });
});
