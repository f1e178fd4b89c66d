// Popularity, repeats and how new events are, against values worked out by hand.
import { describe, expect, it } from 'vitest';
import { silent } from '../../../core/progress.ts';
import { type Sequences, takeSequences } from '../../../core/sequences.ts';
import type { FitRun } from '../../estimator.ts';
import { recencyWeights, rowsByAge } from './event-recency.ts';
import { popularity, recentPopularity } from './popularity.ts';
import { repeat } from './repeat.ts';

const RUN: FitRun = { seed: 1, threads: 1, progress: silent };

const sequences = (lists: readonly (readonly number[])[], timesMs?: readonly number[]): Sequences => ({
  entities: lists.map((_, i) => `s${i}`),
  offsets: Uint32Array.from([0, ...lists.map((_, i) => lists.slice(0, i + 1).flat().length)]),
  items: Int32Array.from(lists.flat()),
  ...(timesMs && { timesMs: Float64Array.from(timesMs) }),
  itemIds: ['a', 'b', 'c', 'd'],
});

const ranking = (scores: Float32Array): number[] =>
  [...scores.keys()].sort((i, j) => scores[j] - scores[i] || i - j);

describe('how new an event is', () => {
  it('halves with each half-life of events that came later; equal moments are equally new', () => {
    const log = sequences(
      [
        [0, 1],
        [2, 3],
      ],
      [10, 20, 20, 40],
    );
    // Later events: 3, 1, 1, 0 of 4; a half-life is a quarter of the log.
    expect([...recencyWeights(log, 0.25)]).toEqual([1 / 8, 1 / 2, 1 / 2, 1]);
    expect([...recencyWeights(log, 0)]).toEqual([1, 1, 1, 1]);
    expect([...recencyWeights(sequences([[0, 1]]), 0.25)]).toEqual([1, 1]);
  });

  it('is told by the order of the entities where no moments are known', () => {
    const log = { ...sequences([[0, 1], [2, 3], [0]]), order: Float64Array.of(7, 3, 7) };
    // Later events: none, three.
    expect([...recencyWeights(log, 0.6)]).toEqual([1, 1, 1 / 2, 1 / 2, 1]);
    expect([...rowsByAge(log)]).toEqual([1, 0, 2]);
    expect([...recencyWeights(takeSequences(log, [1, 2]), 1 / 3)]).toEqual([1 / 2, 1 / 2, 1]);
  });

  it('orders sequences by their last event, then by name; empty ones come first', () => {
    const log = sequences([[0, 1], [2, 3], [], [1]], [10, 90, 20, 30, 30]);
    expect([...rowsByAge(log)]).toEqual([2, 1, 3, 0]);
  });
});

describe('popularity', () => {
  const log = sequences([[0, 0, 0], [1, 1], [2]], [1, 2, 3, 4, 5, 6]);

  it('ranks by count over all time, and by the newest when asked for lately', async () => {
    const all = await popularity.fit(log, undefined, RUN);
    expect(ranking(await all.score(sequences([[]])))).toEqual([0, 1, 2, 3]);
    const lately = await recentPopularity.fit(log, undefined, RUN);
    expect(ranking(await lately.score(sequences([[]])))).toEqual([2, 1, 0, 3]);
  });

  it('scores the logarithm of each share', async () => {
    const scores = await (await popularity.fit(log, undefined, RUN)).score(sequences([[3]]));
    expect(scores[0]).toBeCloseTo(Math.log(3.01 / 6.04), 6);
    expect(scores.reduce((sum, score) => sum + Math.exp(score), 0)).toBeCloseTo(1, 6);
  });
});

describe('repeats of this session', () => {
  const log = sequences([[3, 3, 3], [2]]);

  it('come before whatever is popular: the most frequent first, the latest among equals', async () => {
    const model = await repeat.fit(log, undefined, RUN);
    expect(ranking(await model.score(sequences([[0, 1]])))).toEqual([1, 0, 3, 2]);
    expect(ranking(await model.score(sequences([[0, 0, 1]])))).toEqual([0, 1, 3, 2]);
  });

  it('can be told how much recency weighs against count', async () => {
    const model = await repeat.withSettings!({ fading: 1 }).fit(log, undefined, RUN);
    // a three and two steps back: 1/3 + 1/2 < 1; thrice, 1/4 + 1/3 + 1/2 > 1.
    expect(ranking(await model.score(sequences([[0, 0, 1]])))).toEqual([1, 0, 3, 2]);
    expect(ranking(await model.score(sequences([[0, 0, 0, 1]])))).toEqual([0, 1, 3, 2]);
  });
});
