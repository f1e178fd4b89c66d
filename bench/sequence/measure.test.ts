// The table's figures against a count by hand on made-up visits, and which entries are fitted more than once.
import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/core/case-view.ts';
import { countSequences } from '../../src/eval/sequences/count-sequences.ts';
import { recommenderById } from '../../src/models/sequence/catalogue.ts';
import { lastItemCases, madeUpSequences } from '../../src/models/sequence/made-up-sequences.ts';
import { measure, SharedFits } from './measure.ts';
import type { SequenceSet } from './sequence-set.ts';
import { textTable } from './text-table.ts';

const visits = (seed: number) =>
  madeUpSequences({ sessions: 150, items: 30, seed, signal: true, repeats: 0.3 });
const train = visits(1);
const test = lastItemCases(visits(3));
const set: SequenceSet = {
  ...{
    name: 'made-up',
    protocol: 'none',
    train,
    known: train,
    valid: lastItemCases(visits(2)),
    test: viewOf(test),
  },
  ...{ counts: countSequences(train), history: 'included', at: [5], metrics: ['recall@5', 'mrr@5'] },
  ...{
    models: [],
    targets: [],
    published: [{ model: 'a sage', metrics: { 'recall@5': 0.9 }, source: 'hearsay' }],
  },
};
const lines: string[] = [];
const options = {
  ...{ seeds: [1, 2], threads: 1, attributes: false, log: (line: string) => lines.push(line) },
  settings: { epochs: 2, width: 8, length: 8 },
  shared: new SharedFits(),
};

describe('an entry of the table', () => {
  it('counts repeats, others and all as by hand', async () => {
    const entry = await measure('markov', set, options);
    const model = await recommenderById('markov').fit(train, undefined, {
      ...{ seed: 1, threads: 1, progress: { step() {}, note() {} } },
    });
    const scores = await model.score(test.before);
    const hits = { all: 0, repeat: 0, fresh: 0 };
    let repeats = 0;
    test.targets.forEach((target, row) => {
      const own = scores.subarray(30 * row, 30 * row + 30);
      const isHit = own.filter((score) => score >= own[target]).length <= 5;
      const before = test.before.items.subarray(test.before.offsets[row], test.before.offsets[row + 1]);
      const isRepeat = before.includes(target);
      repeats += Number(isRepeat);
      hits.all += Number(isHit);
      hits[isRepeat ? 'repeat' : 'fresh'] += Number(isHit);
    });
    expect(entry.seeds).toBe(1);
    expect(entry.by.included['recall@5']?.mean).toBeCloseTo(hits.all / 150, 12);
    expect(entry.by.included['recall@5']?.spread).toBeUndefined();
    expect(entry.repeat?.['recall@5']?.mean).toBeCloseTo(hits.repeat / repeats, 12);
    expect(entry.nonRepeat?.['recall@5']?.mean).toBeCloseTo(hits.fresh / (150 - repeats), 12);
    // What is no candidate is never found.
    expect(entry.by.excluded['recall@5']?.mean).toBeLessThanOrEqual((150 - repeats) / 150);
  });

  it('is fitted with every seed where chance has a part, and shows how far seeds lie apart', async () => {
    const entry = await measure('mlp@60s', set, options);
    expect(entry.seeds).toBe(2);
    expect(entry.by.included['mrr@5']?.spread).toBeGreaterThan(0);
    const table = textTable(set, [entry]);
    expect(table).toMatch(/mlp@60s +0\.\d{4} ±0\.\d{4}/);
    expect(table).toMatch(/a sage \(published\) +0\.9000 +–/);
    expect(lines.some((line) => line.includes('mlp@60s seed 2'))).toBe(true);
  });
});
