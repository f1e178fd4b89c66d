// Mixtures: weights that make what came likeliest, and a mean of distributions.
import { describe, expect, it } from 'vitest';
import type { ItemVectors } from '../../core/item-vectors.ts';
import { silent } from '../../core/progress.ts';
import { takeSequences } from '../../core/sequences.ts';
import type { FitRun } from '../estimator.ts';
import { withAddedItems } from './added-items.ts';
import { recommenderById } from './catalogue.ts';
import { lastItemCases, madeUpSequences } from './made-up-sequences.ts';
import { mixtureWeights } from './mixture.ts';
import type { NextItemModel } from './recommender.ts';
import { logSumExp } from './softmax-row.ts';

const RUN: FitRun = { seed: 1, threads: 1, progress: silent };
const shop = (seed: number, sessions: number) =>
  madeUpSequences({ sessions, items: 50, seed, signal: true, repeats: 0.3 });

describe('weights of a mixture', () => {
  it('are those under which the cases were likeliest, as found by trying them all', () => {
    const first = Float64Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 0.9 : 0.05));
    const second = Float64Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 0.1 : 0.3));
    const [weight, other] = mixtureWeights([first, second]);
    // One case more for each than it earned: a prior the search has too.
    const likelihood = (w: number): number =>
      first.reduce((sum, p, i) => sum + Math.log(w * p + (1 - w) * second[i]), Math.log(w) + Math.log(1 - w));
    let best = 0.001;
    for (let w = 0.001; w < 1; w += 0.001) if (likelihood(w) > likelihood(best)) best = w;
    expect(weight).toBeCloseTo(best, 2);
    expect(weight + other).toBeCloseTo(1, 12);
  });

  it('are equal without cases', () => {
    expect(mixtureWeights([new Float64Array(0), new Float64Array(0)])).toEqual([0.5, 0.5]);
  });
});

describe('a mixture', () => {
  it('ranks what came at least as well as its best member', async () => {
    const ids = ['markov', 'item-knn', 'repeat'];
    const test = lastItemCases(shop(2, 400));
    const gains: number[] = [];
    for (const id of [...ids, ids.join('+')]) {
      const scores = await (await recommenderById(id).fit(shop(1, 1000), undefined, RUN)).score(test.before);
      let gain = 0;
      test.targets.forEach((target, row) => {
        const own = scores.subarray(row * 50, (row + 1) * 50);
        expect(Number.isNaN(own[0])).toBe(false);
        gain += 1 / Math.log2(1 + own.filter((score) => score >= own[target]).length);
      });
      gains.push(gain / 400);
    }
    expect(gains[3]).toBeGreaterThan(Math.max(...gains.slice(0, 3)) - 0.01);
  });

  it('can have its repeats learned, and is named by its parts', async () => {
    const recommender = recommenderById('markov+item-knn:repeats');
    expect(recommender.id).toBe('markov+item-knn:repeats');
    const scores = await (await recommender.fit(shop(1, 300), undefined, RUN)).score(
      takeSequences(lastItemCases(shop(2, 5)).before, [0]),
    );
    expect(logSumExp(scores, 1)).toBeCloseTo(0, 4);
  });

  it('knows items to come by the member that knows what items are', async () => {
    const train = shop(1, 300);
    /** Two numbers a text: where on the ring an item stands. */
    const texts = (places: readonly number[]): ItemVectors => ({
      ...{ name: 'text', width: 2, known: new Uint8Array(places.length).fill(1) },
      values: Float32Array.from(places.flatMap((at) => [Math.cos(at / 8), Math.sin(at / 8)])),
    });
    const own = Array.from({ length: 50 }, (_, item) => item);
    const told = { categories: {}, vectors: [texts(own)] };
    const model = await recommenderById('markov+content-knn').knowing?.(told).fit(train, undefined, RUN);
    const added = {
      itemIds: ['near', 'far'],
      attributes: { categories: {}, vectors: [texts([...own, 10, 35])] },
    };
    const grown = withAddedItems(model as NextItemModel, added);
    const scores = await grown.score(takeSequences({ ...train, items: train.items.map(() => 10) }, [0]));
    expect(scores).toHaveLength(52);
    expect(scores[50]).toBeGreaterThan(scores[51]);
    expect(scores[50]).toBeGreaterThan(Number.NEGATIVE_INFINITY);
  });

  it('of unknown members says which there are', () => {
    expect(() => recommenderById('markov+oracle')).toThrow(/item-knn/);
  });
});
