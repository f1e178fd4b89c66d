// A network told of vectors knows items it never met, does without those that are missing, and is the same when read back.
import { describe, expect, it } from 'vitest';
import type { ItemVectors } from '../../../../core/item-vectors.ts';
import { takeVectors } from '../../../../core/item-vectors.ts';
import { silent } from '../../../../core/progress.ts';
import { random } from '../../../../core/random.ts';
import type { Sequences } from '../../../../core/sequences.ts';
import { withAddedItems } from '../../added-items.ts';
import type { NextItemModel } from '../../recommender.ts';
import { transformerWith } from '../../transformer/transformer.ts';

const RUN = { seed: 3, threads: 1, progress: silent };
const KINDS = 5;
const A_KIND = 8;
/** The last two of each kind are in no history. */
const MET = 6;
const ITEMS = KINDS * A_KIND;
const WIDTH = 24;
const draws = random(6);

/** Nobody says what kind an item is of: only its text's vector lies near those of its kind. */
const centres = Float32Array.from({ length: KINDS * WIDTH }, () => draws.normal());
const vectorsOf = (name: string, items: number, noise: number): ItemVectors => ({
  name,
  width: WIDTH,
  values: Float32Array.from({ length: items * WIDTH }, (_, k) => {
    const kind = Math.floor(k / WIDTH / A_KIND) % KINDS;
    return 3 + centres[kind * WIDTH + (k % WIDTH)] + noise * draws.normal();
  }),
  known: new Uint8Array(items).fill(1),
});
const text = vectorsOf('text', ITEMS, 0.1);

const sequencesOf = (histories: readonly (readonly number[])[], items = ITEMS): Sequences => ({
  entities: histories.map((_, h) => `e${h}`),
  offsets: Uint32Array.from({ length: histories.length + 1 }, (_, h) =>
    histories.slice(0, h).reduce((sum, own) => sum + own.length, 0),
  ),
  items: Int32Array.from(histories.flat()),
  itemIds: Array.from({ length: items }, (_, i) => `i${i}`),
});
const train = sequencesOf(
  Array.from({ length: 400 }, () => {
    const kind = draws.integer(KINDS);
    return Array.from({ length: 5 }, () => A_KIND * kind + draws.integer(MET));
  }),
);
const settings = { width: 16, blocks: 1, dropout: 0, epochs: 8, learningRate: 0.01, batch: 64 };
const fitted = (vectors: readonly ItemVectors[]): Promise<NextItemModel> =>
  transformerWith(settings, { attributes: { categories: {}, vectors } }).fit(train, undefined, RUN);

const bestOf = (scores: Float32Array, among: readonly number[]): number =>
  among.reduce((best, item) => (scores[item] > scores[best] ? item : best), among[0]);
const unmet = Array.from({ length: ITEMS }, (_, item) => item).filter((item) => item % A_KIND >= MET);
const kindOf = (item: number): number => Math.floor(item / A_KIND) % KINDS;

describe('items with vectors', () => {
  const model = fitted([text]);

  it('are suggested before anybody has taken them, where their vectors lie near what was taken', async () => {
    for (let kind = 0; kind < KINDS; kind++) {
      const scores = await (await model).score(sequencesOf([[A_KIND * kind, A_KIND * kind + 3]]));
      expect(kindOf(bestOf(scores, unmet))).toBe(kind);
    }
  });

  it('are read in a history that holds nothing but what nobody took', async () => {
    for (let kind = 0; kind < KINDS; kind++) {
      const scores = await (await model).score(sequencesOf([[A_KIND * kind + MET]]));
      expect(kindOf(bestOf(scores, [...train.items]))).toBe(kind);
    }
  });

  it('answer as before when the model is read back, with items added that are like others', async () => {
    const saved = transformerWith({}).load((await model).save());
    const before = [[1, 2], [A_KIND + 1]];
    const own = await (await model).score(sequencesOf(before));
    expect(await saved.score(sequencesOf(before))).toEqual(own);
    const added = withAddedItems(saved, {
      itemIds: ['twin', 'nothing'],
      attributes: {
        categories: {},
        // Item 3 once more, and one of which nothing is known.
        vectors: [takeVectors(text, [...Array.from({ length: ITEMS }, (_, item) => item), 3, -1])],
      },
    });
    const scores = await added.score(sequencesOf([[A_KIND, A_KIND + 1]], ITEMS + 2));
    const first = await added.score(sequencesOf([[1, 2]], ITEMS + 2));
    const wide = ITEMS + 2;
    expect(scores).toHaveLength(wide);
    first.subarray(0, ITEMS).forEach((score, item) => void expect(score).toBeCloseTo(own[item], 4));
    // The twin comes with its kind, and not with another.
    expect(first[ITEMS]).toBeGreaterThan(scores[ITEMS] + 1);
    await added.close?.();
    await saved.close?.();
  });

  it('tell each other apart from what they were: another width is refused', async () => {
    const other = { ...text, width: WIDTH / 2, values: text.values.slice(0, (ITEMS + 1) * (WIDTH / 2)) };
    const known = new Uint8Array(ITEMS + 1).fill(1);
    const added = { itemIds: ['new'], attributes: { categories: {}, vectors: [{ ...other, known }] } };
    const fit = await model;
    expect(() => withAddedItems(fit, added)).toThrow(/vectors of 24 numbers.*got 12/);
  });

  it('may miss either kind of vector', async () => {
    const image = vectorsOf('image', ITEMS, 0.1);
    const without = (own: ItemVectors, missing: (item: number) => boolean): ItemVectors => ({
      ...own,
      known: own.known.map((_, item) => (missing(item) ? 0 : 1)),
    });
    // Of what nobody took, one in each kind has a text alone, the other an image alone.
    const both = await fitted([
      without(text, (item) => item % A_KIND === MET),
      without(image, (item) => item % A_KIND === MET + 1 || item % 3 === 0),
    ]);
    for (let kind = 0; kind < KINDS; kind++)
      for (const at of [MET, MET + 1]) {
        const scores = await both.score(sequencesOf([[A_KIND * kind, A_KIND * kind + 2]]));
        const alike = unmet.filter((item) => item % A_KIND === at && (at !== MET || item % 3 !== 0));
        if (alike.some((item) => kindOf(item) === kind)) expect(kindOf(bestOf(scores, alike))).toBe(kind);
      }
    await both.close?.();
  });
});
