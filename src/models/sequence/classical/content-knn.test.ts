// Likeness of content by hand: cosines with the mean of a history's vectors, over every kind there is.
import { describe, expect, it } from 'vitest';
import type { ItemVectors } from '../../../core/item-vectors.ts';
import { silent } from '../../../core/progress.ts';
import type { Sequences } from '../../../core/sequences.ts';
import { withAddedItems } from '../added-items.ts';
import { loadNextItemModel } from '../catalogue.ts';
import { contentKnn } from './content-knn.ts';

const RUN = { seed: 1, threads: 1, progress: silent };
const sequencesOf = (histories: readonly (readonly number[])[], itemIds: readonly string[]): Sequences => ({
  entities: histories.map((_, h) => `e${h}`),
  offsets: Uint32Array.from({ length: histories.length + 1 }, (_, h) => histories.slice(0, h).flat().length),
  items: Int32Array.from(histories.flat()),
  itemIds,
});
const ITEMS = ['east', 'north', 'north-east', 'far west', 'no words'];
const TRAIN = sequencesOf(
  [
    [0, 1, 4],
    [4, 4],
    [2, 3],
  ],
  ITEMS,
);
const text: ItemVectors = {
  name: 'text',
  width: 2,
  values: Float32Array.of(1, 0, 0, 3, 2, 2, -5, 0, 9, 9),
  known: Uint8Array.of(1, 1, 1, 1, 0),
};
const image: ItemVectors = {
  name: 'image',
  width: 3,
  values: Float32Array.of(0, 0, 1, 0, 1, 0, 9, 9, 9, 0, 0, -1, 9, 9, 9),
  known: Uint8Array.of(1, 1, 0, 1, 0),
};
const fitted = (vectors: readonly ItemVectors[]) => {
  const told = contentKnn.knowing?.({ categories: {}, vectors });
  if (!told) throw new Error('expected a recommender that may be told of items');
  return told.fit(TRAIN, undefined, RUN);
};
const half = Math.SQRT1_2;

describe('what is alike in content', () => {
  it('is by the cosine with the mean direction of the history', async () => {
    const scores = await (await fitted([text])).score(sequencesOf([[0], [0, 1]], ITEMS));
    const wanted = [1, 0, half, -1];
    wanted.forEach((cosine, item) => void expect(scores[item]).toBeCloseTo(cosine, 6));
    const between = [half, half, 1, -half];
    between.forEach((cosine, item) => void expect(scores[ITEMS.length + item]).toBeCloseTo(cosine, 6));
  });

  it('is the mean over the kinds of vectors an item has', async () => {
    const scores = await (await fitted([text, image])).score(sequencesOf([[0]], ITEMS));
    const wanted = [1, 0, half, -1];
    wanted.forEach((cosine, item) => void expect(scores[item]).toBeCloseTo(cosine, 6));
    expect(scores[3]).toBeGreaterThan(scores[4]);
  });

  it('is the same for one as for many, and goes on after its programs were let go', async () => {
    const model = await fitted([text, image]);
    const histories = Array.from({ length: 40 }, (_, h) => [h % 5, (h + 2) % 5]);
    const many = await model.score(sequencesOf(histories, ITEMS));
    await model.close?.();
    for (const h of [0, 7, 39]) {
      const alone = await model.score(sequencesOf([histories[h]], ITEMS));
      alone.forEach((score, item) => void expect(score).toBeCloseTo(many[h * ITEMS.length + item], 6));
    }
    await model.close?.();
  });

  it('comes before what nothing is known of, and popularity where the history says nothing', async () => {
    const model = await fitted([text]);
    const scores = await model.score(sequencesOf([[0], [], [4]], ITEMS));
    expect(Math.min(...scores.subarray(0, 4))).toBeGreaterThan(scores[4]);
    for (const row of [1, 2]) {
      const own = scores.subarray(row * ITEMS.length, (row + 1) * ITEMS.length);
      expect(own.indexOf(Math.max(...own))).toBe(4);
    }
  });

  it('is the same when read back, and knows items nobody had', async () => {
    const saved = loadNextItemModel((await fitted([text])).save());
    const grown = withAddedItems(saved, {
      itemIds: ['north again', 'of nothing'],
      attributes: {
        categories: {},
        vectors: [
          {
            ...text,
            values: Float32Array.of(...text.values, 0, 1, 0, 0),
            known: Uint8Array.of(...text.known, 1, 0),
          },
        ],
      },
    });
    const scores = await grown.score(sequencesOf([[1]], grown.itemIds));
    expect(scores[5]).toBeCloseTo(1, 6);
    expect(scores[6]).toBeLessThan(-1.5);
  });

  it('is refused where nothing is known of the items', () => {
    expect(contentKnn.refuses(TRAIN)).toMatch(/--encoder/);
  });
});
