// A model learned once more: from what its cases held as well, with what they taught kept.
import { expect, it } from 'vitest';
import { silent } from '../../core/progress.ts';
import { leaveOneOut } from '../../eval/sequences/leave-one-out.ts';
import type { FitRun } from '../estimator.ts';
import { recommenderById } from './catalogue.ts';
import { madeUpSequences } from './made-up-sequences.ts';
import { learnAgain, type Recommender } from './recommender.ts';

const RUN: FitRun = { seed: 1, threads: 1, progress: silent };
const { train, valid, known, test } = leaveOneOut(
  madeUpSequences({ sessions: 200, items: 30, seed: 1, signal: true, repeats: 0.3 }),
);

async function both(recommender: Recommender) {
  const first = await recommender.fit(train, valid, RUN);
  const final = await learnAgain(recommender, first, known, RUN);
  const scores = [await first.score(test.before), await final.score(test.before)];
  const saved = [first.save(), final.save()];
  await first.close?.();
  await final.close?.();
  return { scores, saved };
}

it('what learns nothing from cases is fitted on all that is known', async () => {
  const markov = recommenderById('markov');
  const { saved } = await both(markov);
  expect(saved[1]).toEqual((await markov.fit(known, undefined, RUN)).save());
  expect(saved[1]).not.toEqual(saved[0]);
});

it('a mixture keeps what its members weigh, and its members learn more', async () => {
  const { saved } = await both(recommenderById('markov+repeat'));
  const [first, final] = saved.map(({ state }) => state as { voices: unknown; members: unknown });
  expect(final.voices).toEqual(first.voices);
  expect(saved[1].arrays).not.toEqual(saved[0].arrays);
});

it('repeats learned stay as they were learned', async () => {
  const { saved } = await both(recommenderById('markov:repeats'));
  const [first, final] = saved.map(({ state }) => state as { returns: unknown });
  expect(final.returns).toEqual(first.returns);
  expect(saved[1].arrays).not.toEqual(saved[0].arrays);
});

it('a network stops where it was best, with cases or without', async () => {
  const told = { width: 8, length: 8, epochs: 12, evaluateEvery: 1, patience: 0, learningRate: 0.05 };
  const mlp = recommenderById('mlp').withSettings?.(told) as Recommender;
  const notes: string[] = [];
  const run = { ...RUN, progress: { step() {}, note: (line: string) => notes.push(line) } };
  const first = await mlp.fit(train, valid, run);
  expect(notes.length).toBeLessThan(12);
  // Learned again from the same sequences it is the same network: the epochs after its best one leave no trace.
  const same = await learnAgain(mlp, first, train, RUN);
  expect(same.save()).toEqual(first.save());
  const final = await learnAgain(mlp, first, known, RUN);
  expect(final.save()).not.toEqual(first.save());
  expect(notes.length).toBeLessThan(12);
  await Promise.all([first, same, final].map((model) => model.close?.()));
});
