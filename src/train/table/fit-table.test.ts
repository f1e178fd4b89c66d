// What candidates are handed is learned from rows that are not tested, whichever way rows are tested.
import { expect, test } from 'vitest';
import { silent } from '../../core/progress.ts';
import { estimatorById } from '../../models/catalogue.ts';
import type { Question, Sample } from '../../models/estimator.ts';
import { madeUpSample } from '../../models/made-up-sample.ts';
import { takeSample } from '../../models/sample.ts';
import { presetFor } from '../preset.ts';
import { fitTable } from './fit-table.ts';

const ASKED: Question = { kind: 'binary', outcome: 'other', horizonDays: 60, discountPerYear: 0 };
const sample = madeUpSample({ customers: 120, seed: 1, question: ASKED });
const rows = (from: number, to: number): Sample =>
  takeSample(
    sample,
    Uint32Array.from({ length: to - from }, (_, i) => from + i),
  );

/** Customers handed to whoever learns something for the candidates, and those tested. */
async function sidesOf(
  given: Sample,
  how: Parameters<typeof fitTable>[1]['test'],
  byTime = false,
): Promise<{ handed: Set<string>; open: Sample | undefined; test: Sample; tested: Set<string> }> {
  let handed = new Set<string>();
  let open: Sample | undefined;
  const rate = estimatorById('rate');
  const { test } = await fitTable(given, {
    ...{ candidates: [rate, estimatorById('logistic')], baselines: [rate], test: how, times: [] },
    ...{ preset: presetFor('binary', 'fast'), folds: 2, byTime, seed: 3, threads: 1, draws: 20 },
    ...{ now: () => 0, progress: silent },
    // the same customers once more, the last first, as if nobody knew what became of them
    unlabelled: { ...given, asOf: given.asOf.toReversed() },
    async handIn(train, candidates, unlabelled) {
      handed = new Set(train.entities);
      open = unlabelled;
      return candidates;
    },
  });
  return { handed, open, test: test.sample, tested: new Set(test.sample.entities) };
}

test('a share held out is not handed in', async () => {
  const { handed, tested } = await sidesOf(sample, { by: 'holdout', share: 0.3 });
  expect(tested.size).toBeGreaterThan(20);
  expect(handed.size).toBe(new Set(sample.entities).size - tested.size);
  expect([...tested].filter((own) => handed.has(own))).toEqual([]);
});

test('rows of their own to test on are not handed in', async () => {
  const { handed, tested } = await sidesOf(rows(0, 90), { by: 'file', sample: rows(90, 120) });
  expect(handed).toEqual(new Set(rows(0, 90).entities));
  expect([...tested].filter((own) => handed.has(own))).toEqual([]);
});

test('rows without an outcome are handed in, but for those of customers who are tested', async () => {
  const { handed, open, tested } = await sidesOf(sample, { by: 'holdout', share: 0.3 });
  expect(new Set(open?.entities)).toEqual(handed);
  expect(open?.entities.some((own) => tested.has(own))).toBe(false);
});

test('rows without an outcome are handed in as far as they stand before all that is tested', async () => {
  const days = sample.asOf.map((_, row) => row * 86_400_000);
  const { open, test: later } = await sidesOf({ ...sample, asOf: days }, { by: 'holdout', share: 0.3 }, true);
  const first = Math.min(...later.asOf);
  expect(first).toBeGreaterThan(0);
  const turned = days.toReversed();
  const before = sample.entities.filter((own, row) => turned[row] < first && !later.entities.includes(own));
  expect(open?.entities).toEqual(before);
});
