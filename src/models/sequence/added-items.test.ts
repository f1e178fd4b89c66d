// Items nobody had when the model learned: by the mean of their like, or by the model itself where it knows attributes.
import { describe, expect, it } from 'vitest';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import type { ItemAttributes, Sequences } from '../../core/sequences.ts';
import { withAddedItems } from './added-items.ts';
import { itemKnn } from './classical/item-knn.ts';
import { popularity } from './classical/popularity.ts';
import type { NextItemModel } from './recommender.ts';
import { transformerWith } from './transformer/transformer.ts';

const RUN = { seed: 3, threads: 1, progress: silent };
const KINDS = 4;
const A_KIND = 5;
const KNOWN = KINDS * A_KIND;

/** Histories within one kind each. */
function train(sessions: number): Sequences {
  const draws = random(2);
  const histories = Array.from({ length: sessions }, () => {
    const kind = draws.integer(KINDS);
    return Array.from({ length: 4 }, () => A_KIND * kind + draws.integer(A_KIND));
  });
  return {
    entities: histories.map((_, h) => `e${h}`),
    offsets: Uint32Array.from({ length: sessions + 1 }, (_, h) => 4 * h),
    items: Int32Array.from(histories.flat()),
    itemIds: Array.from({ length: KNOWN }, (_, i) => `i${i}`),
  };
}

const kindOf = (item: number): number =>
  item < KNOWN ? Math.floor(item / A_KIND) : item - KNOWN < KINDS ? item - KNOWN : -1;

/** The known items, one new item of each kind, and one of which nothing is known. */
const attributes: ItemAttributes = {
  categories: {
    kind: {
      codes: Int32Array.from({ length: KNOWN + KINDS + 1 }, (_, item) => kindOf(item)),
      levels: ['a', 'b', 'c', 'd'],
    },
  },
};
const added = { itemIds: ['n0', 'n1', 'n2', 'n3', 'nothing'], attributes };
const asked = (items: readonly number[], itemIds: readonly string[]): Sequences => ({
  entities: ['x'],
  offsets: Uint32Array.of(0, items.length),
  items: Int32Array.from(items),
  itemIds,
});

describe('withAddedItems', () => {
  it('holds a new item as likely as an average item of its kind', async () => {
    const model = await itemKnn.fit(train(300), undefined, RUN);
    const more = withAddedItems(model, added);
    const before = asked([6, 7], more.itemIds);
    const own = await model.score(before);
    const scores = await more.score(before);
    expect(scores.subarray(0, KNOWN)).toEqual(own);
    for (let kind = 0; kind < KINDS; kind++) {
      const like = own.subarray(A_KIND * kind, A_KIND * (kind + 1));
      const mean = like.reduce((sum, score) => sum + Math.exp(score), 0) / A_KIND;
      expect(scores[KNOWN + kind]).toBeCloseTo(Math.log(mean), 4);
    }
    expect(scores[KNOWN + KINDS]).toBe(Number.NEGATIVE_INFINITY);
    expect(more.itemIds.slice(KNOWN)).toEqual(added.itemIds);
  });

  it('weighs narrow kinds more than what many items have', async () => {
    const model = await popularity.fit(train(200), undefined, RUN);
    const codes = (of: (item: number) => number) =>
      Int32Array.from({ length: KNOWN + 1 }, (_, item) => of(item));
    const more = withAddedItems(model, {
      itemIds: ['new'],
      attributes: {
        categories: {
          broad: { codes: codes(() => 0), levels: ['all'] },
          narrow: { codes: codes((item) => (item === 3 || item === KNOWN ? 0 : 1)), levels: ['one', 'rest'] },
        },
      },
    });
    const before = asked([1], more.itemIds);
    const shares = Array.from(await model.score(before), Math.exp);
    const [wide, thin] = [Math.log(2), Math.log(1 + KNOWN)];
    const mean = shares.reduce((sum, share) => sum + share, 0) / KNOWN;
    const wanted = (wide * mean + thin * shares[3]) / (wide + thin);
    expect(Math.exp((await more.score(before))[KNOWN])).toBeCloseTo(wanted, 6);
  });

  it('reads a history that holds new items as if it did not', async () => {
    const model = await itemKnn.fit(train(300), undefined, RUN);
    const more = withAddedItems(model, added);
    const plain = await more.score(asked([6, 7], more.itemIds));
    expect(await more.score(asked([6, 7, KNOWN + 2], more.itemIds))).toEqual(plain);
  });

  it('asks a network that knows kinds, which then reads new items in histories, too', async () => {
    const known = {
      categories: {
        kind: { ...attributes.categories.kind, codes: attributes.categories.kind.codes.slice(0, KNOWN) },
      },
    };
    const settings = {
      width: 16,
      blocks: 1,
      dropout: 0,
      epochs: 8,
      learningRate: 0.01,
      batch: 64,
      unknownRate: 0.5,
    };
    const fitted = await transformerWith(settings, { attributes: known }).fit(train(400), undefined, RUN);
    const saved: NextItemModel = transformerWith({}).load(fitted.save());
    const more = withAddedItems(saved, added);
    for (let kind = 0; kind < KINDS; kind++) {
      // From two items of the kind, and from the new one alone.
      for (const history of [[A_KIND * kind, A_KIND * kind + 1], [KNOWN + kind]]) {
        const scores = await more.score(asked(history, more.itemIds));
        const fresh = scores.subarray(KNOWN, KNOWN + KINDS);
        expect(fresh.indexOf(Math.max(...fresh))).toBe(kind);
      }
    }
    const before = asked([1, 2], saved.itemIds);
    const own = await saved.score(before);
    (await more.score(before)).subarray(0, KNOWN).forEach((score, item) => {
      expect(score).toBeCloseTo(own[item], 5);
    });
    await more.close?.();
    await saved.close?.();
    await fitted.close?.();
  });
});
