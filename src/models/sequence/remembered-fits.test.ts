// What was fitted once is not fitted again for a mixture, and answers as one fitted for itself.
import { expect, it } from 'vitest';
import { silent } from '../../core/progress.ts';
import { leaveOneOut } from '../../eval/sequences/leave-one-out.ts';
import type { FitRun } from '../estimator.ts';
import { mixture, partIdsOf, recommenderById, sharingFits } from './catalogue.ts';
import { madeUpSequences } from './made-up-sequences.ts';
import type { NextItemModel, Recommender } from './recommender.ts';
import { remembered } from './remembered-fits.ts';

const RUN: FitRun = { seed: 1, threads: 1, progress: silent };
const { train, valid, known, test } = leaveOneOut(
  madeUpSequences({ sessions: 200, items: 30, seed: 1, signal: true, repeats: 0.3 }),
);

function counted(base: Recommender) {
  const count = { fits: 0, again: 0 };
  const recommender: Recommender = {
    ...base,
    within: () => recommender,
    async fit(...asked) {
      count.fits++;
      const model: NextItemModel = await base.fit(...asked);
      const again: NextItemModel['again'] = (sequences, run) => {
        count.again++;
        return base.fit(sequences, undefined, run);
      };
      return { ...model, again };
    },
  };
  return { recommender: remembered(recommender), count };
}

it('fits once for the same data and seed, whatever time it is told to take', async () => {
  const { recommender, count } = counted(recommenderById('markov'));
  const first = await recommender.fit(train, valid, RUN);
  expect(await recommender.within?.(3).fit(train, valid, RUN)).toBe(first);
  expect(count.fits).toBe(1);
  await recommender.fit(train, valid, { ...RUN, seed: 2 });
  await recommender.fit(known, valid, RUN);
  await recommender.fit(train, undefined, RUN);
  expect(count.fits).toBe(4);
});

it('learns again once from the same sequences', async () => {
  const { recommender, count } = counted(recommenderById('markov'));
  const model = await recommender.fit(train, valid, RUN);
  const final = await model.again?.(known, RUN);
  expect(await model.again?.(known, RUN)).toBe(final);
  expect(count.again).toBe(1);
  await model.again?.(train, RUN);
  expect(count.again).toBe(2);
});

it('a mixture of shared members is the mixture of members of its own, and costs no fit', async () => {
  const told = { width: 8, length: 8, epochs: 4, members: 1 };
  const network = recommenderById('mlp').withSettings?.(told) as Recommender;
  const shared = remembered(network);
  const notes: string[] = [];
  const run = { ...RUN, progress: { step() {}, note: (line: string) => notes.push(line) } };
  const alone = await shared.fit(train, valid, run);
  const trained = notes.length;
  expect(trained).toBeGreaterThan(0);
  const neighbours = recommenderById('session-knn:repeats');
  const mixed = await mixture([neighbours, shared]).fit(train, valid, run);
  expect(notes.length).toBe(trained);
  const own = await mixture([neighbours, network]).fit(train, valid, RUN);
  expect(mixed.save()).toEqual(own.save());
  await alone.close?.();
  // Closed by one, it opens anew for the other.
  expect(await mixed.score(test.before)).toEqual(await own.score(test.before));
  await Promise.all([mixed, own].map((model) => model.close?.()));
});

it('a run asks for each by its id and gets the same one', () => {
  const byId = sharingFits();
  expect(byId('markov')).toBe(byId('markov'));
  expect(byId('markov:repeats')).toBe(byId('markov:repeats'));
  expect(sharingFits()('markov')).not.toBe(byId('markov'));
});

it('knows what a recommender is made of', () => {
  expect(partIdsOf('markov')).toEqual([]);
  expect(partIdsOf('markov:repeats')).toEqual(['markov']);
  expect(partIdsOf('markov:repeats+mlp')).toEqual(['markov:repeats', 'mlp']);
});
