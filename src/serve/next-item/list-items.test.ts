// Lists against sorting by hand what is left after every filter; who has no history; and what an item came by.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { type Sequences, sequenceCount } from '../../core/sequences.ts';
import type { NextItemModel } from '../../models/sequence/recommender.ts';
import { type ItemLists, type ListOptions, listItems, MADE_BY } from './list-items.ts';
import { popularItems } from './popular-items.ts';

/** Scores that depend on the history alone, many of them equal. */
function scoreOf(history: readonly number[], item: number): number {
  const seed = history.reduce((sum, own, place) => sum + (place + 3) * (own + 2), 0);
  return Math.floor(8 * random(1000 * seed + item).uniform());
}

function modelOf(items: number): NextItemModel {
  return {
    recommender: 'by-hand',
    itemIds: Array.from({ length: items }, (_, i) => `i${i}`),
    async score(before) {
      const rows = sequenceCount(before);
      return Float32Array.from({ length: rows * items }, (_, at) =>
        scoreOf(historyOf(before, Math.floor(at / items)), at % items),
      );
    },
    save: () => ({ estimator: 'by-hand', format: 1, state: null }),
  };
}

const historyOf = ({ offsets, items }: Pick<Sequences, 'offsets' | 'items'>, row: number): number[] => [
  ...items.subarray(offsets[row], offsets[row + 1]),
];

function sequencesOf(histories: readonly (readonly number[])[], items: number): Sequences {
  const offsets = new Uint32Array(histories.length + 1);
  histories.forEach((own, row) => {
    offsets[row + 1] = offsets[row] + own.length;
  });
  return {
    entities: histories.map((_, row) => `e${row}`),
    offsets,
    items: Int32Array.from(histories.flat()),
    itemIds: Array.from({ length: items }, (_, i) => `i${i}`),
  };
}

const listAt = (lists: ItemLists, row: number): number[] => historyOf(lists, row);
const ITEMS = 14;
const histories = fc.array(fc.array(fc.integer({ min: 0, max: ITEMS - 1 }), { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 6,
});

describe('listItems', () => {
  it('lists what sorting all that is left by hand lists', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories,
        fc.array(fc.boolean(), { minLength: ITEMS, maxLength: ITEMS }),
        fc.boolean(),
        fc.integer({ min: 1, max: 20 }),
        async (own, allowed, isBarred, top) => {
          const before = sequencesOf(own, ITEMS);
          const offered = Uint8Array.from(allowed, Number);
          const options: ListOptions = { top, offered, ...(isBarred && { barred: before }) };
          const lists = await listItems(modelOf(ITEMS), before, options);
          own.forEach((history, row) => {
            const left = Array.from({ length: ITEMS }, (_, item) => item).filter(
              (item) => allowed[item] && !(isBarred && history.includes(item)),
            );
            const wanted = left
              .sort((a, b) => scoreOf(history, b) - scoreOf(history, a) || a - b)
              .slice(0, top);
            expect(listAt(lists, row)).toEqual(wanted);
            wanted.forEach((item, place) => {
              expect(lists.scores[lists.offsets[row] + place]).toBe(scoreOf(history, item));
            });
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('answers one customer as among many, and leaves what it was given as it was', async () => {
    const before = sequencesOf([[1, 2], [3], [4, 5, 6]], ITEMS);
    const offered = new Uint8Array(ITEMS).fill(1);
    const options = { top: 5, offered, barred: before };
    const all = await listItems(modelOf(ITEMS), before, options);
    const alone = sequencesOf([[4, 5, 6]], ITEMS);
    const one = await listItems(modelOf(ITEMS), alone, { ...options, barred: alone });
    expect(listAt(one, 0)).toEqual(listAt(all, 2));
    expect(offered.every((own) => own === 1)).toBe(true);
    expect([...before.items]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('gives who has no known history what is popular with their segment, or with everybody, and says so', async () => {
    const learned = sequencesOf(
      [
        [0, 0, 1],
        [2, 2, 2, 3],
        [0, 1, 0, 0],
      ],
      ITEMS,
    );
    const popular = popularItems(learned, Int32Array.of(-1, 0, -1));
    const before = sequencesOf([[], [-1], [5]], ITEMS);
    const lists = await listItems(modelOf(ITEMS), before, {
      ...{ top: 2, popular, segments: Int32Array.of(-1, 0, 0) },
    });
    expect(listAt(lists, 0)).toEqual([0, 2]);
    // Of its own four events and fifty of everybody.
    expect(listAt(lists, 1)).toEqual([0, 2]);
    expect(Array.from(lists.madeBy, (code) => MADE_BY[code])).toEqual([
      ...['trend', 'trend', 'segment', 'segment', 'history', 'history'],
    ]);
    expect(lists.scores[0]).toBeCloseTo(Math.log(popular.shares[0]), 5);
    const many = sequencesOf([...Array.from({ length: 40 }, () => [7, 7, 7]), [0, 0, 0, 1]], ITEMS);
    const segments = Int32Array.from({ length: 41 }, (_, row) => Number(row === 40));
    const own = popularItems(many, segments);
    expect(own.segments[1][0] / own.segments[1][7]).toBeGreaterThan(own.shares[0] / own.shares[7]);
  });

  it('bars what they had from what is popular, too', async () => {
    const popular = popularItems(sequencesOf([[0, 0, 0, 1, 1, 2]], ITEMS));
    const before = sequencesOf([[]], ITEMS);
    const had = sequencesOf([[0]], ITEMS);
    const lists = await listItems(modelOf(ITEMS), before, { top: 2, popular, barred: had });
    expect(listAt(lists, 0)).toEqual([1, 2]);
  });

  it('takes penalties off scores before the best are chosen, and asks for all scores to do so', async () => {
    const before = sequencesOf([[1, 2]], ITEMS);
    const penalties = Float32Array.from({ length: ITEMS }, (_, item) => (item % 2) * 100);
    const model = { ...modelOf(ITEMS), best: () => Promise.reject(new Error('asked for the best alone')) };
    const lists = await listItems(model, before, { top: ITEMS, penalties });
    const left = (item: number): number => scoreOf([1, 2], item) - penalties[item];
    const wanted = [...penalties.keys()].sort((a, b) => left(b) - left(a) || a - b);
    expect(listAt(lists, 0)).toEqual(wanted);
    expect([...lists.scores]).toEqual(wanted.map(left));
  });

  it('names items the model had never seen', async () => {
    const before = sequencesOf([[1]], ITEMS);
    const lists = await listItems(modelOf(ITEMS), before, { top: ITEMS, firstNew: 10 });
    const by = Array.from(lists.madeBy, (code) => MADE_BY[code]);
    listAt(lists, 0).forEach((item, place) => {
      expect(by[place]).toBe(item >= 10 ? 'attributes' : 'history');
    });
  });

  it.each([
    [{ top: 0 }, 'at least one item'],
    [{ top: 1, offered: new Uint8Array(3) }, 'a mask of 14 items'],
    [{ top: 1, penalties: new Float32Array(3) }, 'penalties of 14 items'],
    [{ top: 1, diversity: { amount: 1.5, likeness: () => 0 } }, 'a diversity from 0 to 1'],
  ] as const)('refuses options that make no sense', async (options, words) => {
    await expect(listItems(modelOf(ITEMS), sequencesOf([[1]], ITEMS), options)).rejects.toThrow(words);
  });
});
