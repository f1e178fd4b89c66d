// The behaviour transformer learns laws whose best score is known, and answers one history as it answers many.
import { describe, expect, it } from 'vitest';
import { drawSequences, sequenceLaw } from '../../../../bench/learnable-sequences.ts';
import { silent } from '../../../core/progress.ts';
import { random } from '../../../core/random.ts';
import { type Sequences, takeSequences } from '../../../core/sequences.ts';
import { lastItemCases } from '../made-up-sequences.ts';
import type { NextItemModel } from '../recommender.ts';
import { transformerWith } from './transformer.ts';

const RUN = { seed: 3, threads: 1, progress: silent };

function sequencesOf(
  histories: readonly (readonly number[])[],
  items: number,
  timesMs?: number[],
): Sequences {
  const offsets = new Uint32Array(histories.length + 1);
  histories.forEach((history, h) => {
    offsets[h + 1] = offsets[h] + history.length;
  });
  return {
    entities: histories.map((_, h) => `e${h}`),
    offsets,
    items: Int32Array.from(histories.flat()),
    ...(timesMs && { timesMs: Float64Array.from(timesMs) }),
    itemIds: Array.from({ length: items }, (_, i) => `i${i}`),
  };
}

/** How often the item asked for is ranked first. */
async function hitRate(model: NextItemModel, sequences: Sequences): Promise<number> {
  const { before, targets } = lastItemCases(sequences);
  const scores = await model.score(before);
  const items = model.itemIds.length;
  let hits = 0;
  targets.forEach((target, row) => {
    const own = scores.subarray(row * items, (row + 1) * items);
    if (own.every((score, item) => item === target || score < own[target])) hits++;
  });
  return hits / targets.length;
}

const ITEMS = 60;
const law = sequenceLaw(5, ITEMS);
const drawn = (count: number, name: string) =>
  drawSequences(law, random(5).fork(name), { count, minLength: 3, maxLength: 14 });
const settings = { width: 24, blocks: 1, dropout: 0, epochs: 20, learningRate: 0.005, batch: 64 };

describe('the behaviour transformer', () => {
  const known = drawn(2000, 'train');
  const train = sequencesOf(
    known.map(({ items }) => [...items]),
    ITEMS,
  );
  const test = drawn(400, 'test');
  const asked = sequencesOf(
    test.map(({ items }) => [...items]),
    ITEMS,
  );
  const fitted = transformerWith(settings).fit(train, undefined, RUN);

  it('ranks first what the law holds most likely, nearly as often as one who knows the law', async () => {
    const best =
      test.filter(({ items, mostLikely }) => items.at(-1) === mostLikely.at(-1)).length / test.length;
    expect(await hitRate(await fitted, asked)).toBeGreaterThan(best - 0.05);
    expect(best).toBeGreaterThan(0.55);
  });

  it('comes nearer to the floor of cross-entropy than any look at the last item alone', async () => {
    const { before, targets } = lastItemCases(asked);
    const scores = await (await fitted).score(before);
    let surprise = 0;
    let floor = 0;
    targets.forEach((target, row) => {
      const own = scores.subarray(row * ITEMS, (row + 1) * ITEMS);
      const top = Math.max(...own);
      surprise += top + Math.log(own.reduce((sum, score) => sum + Math.exp(score - top), 0)) - own[target];
      floor -= test[row].logProbability.at(-1) as number;
    });
    // Who knows all about the last item, and nothing of the one before, stays .43 above.
    expect(surprise / targets.length).toBeLessThan(floor / targets.length + 0.3);
    expect(surprise / targets.length).toBeGreaterThan(floor / targets.length - 0.02);
  });

  it('answers one history as among many, whatever its bucket and what pads it', async () => {
    const model = await fitted;
    const { before } = lastItemCases(asked);
    const together = await model.score(before);
    for (const row of [0, 17, 63, 64, 399]) {
      const alone = await model.score(takeSequences(before, [row]));
      alone.forEach((score, item) => {
        expect(Math.abs(score - together[row * ITEMS + item])).toBeLessThan(1e-5);
      });
    }
    // A smaller longest length is another bucket: the same weights, padded less.
    const saved = model.save();
    const state = saved.state as { settings: Record<string, number> };
    const longer = { ...saved.arrays };
    expect(longer['member.0.trunk.positions.weight']?.length).toBe(50 * 24);
    const short = transformerWith({}).load({
      ...saved,
      state: { ...state, settings: { ...state.settings, length: 20 } } as never,
      arrays: {
        ...longer,
        'member.0.trunk.positions.weight': longer['member.0.trunk.positions.weight'].slice(
          0,
          20 * 24,
        ) as Float32Array,
      },
    });
    const rows = Int32Array.from(asked.entities.keys()).filter((row) => {
      const length = before.offsets[row + 1] - before.offsets[row];
      return length > 4;
    });
    const wide = await model.score(takeSequences(before, rows));
    const narrow = await short.score(takeSequences(before, rows));
    narrow.forEach((score, i) => {
      expect(Math.abs(score - wide[i])).toBeLessThan(1e-5);
    });
    await short.close?.();
  });

  it('answers again after it was closed', async () => {
    const model = await fitted;
    const { before } = lastItemCases(asked);
    const first = await model.score(before);
    await model.close?.();
    expect(await model.score(before)).toEqual(first);
  });

  it('answers for a committee with the mean of its members', async () => {
    const few = takeSequences(
      train,
      Int32Array.from({ length: 200 }, (_, i) => i),
    );
    const { before } = lastItemCases(asked);
    const both = await transformerWith({ ...settings, epochs: 2, members: 2 }).fit(few, undefined, RUN);
    const saved = both.save();
    const state = saved.state as { settings: Record<string, number> };
    const alone = (member: number) =>
      transformerWith({}).load({
        ...saved,
        state: { ...state, settings: { ...state.settings, members: 1 } } as never,
        arrays: Object.fromEntries(
          Object.entries(saved.arrays ?? {}).map(([key, array]) => [
            key.replace(`member.${member}.`, 'member.0.'),
            array,
          ]),
        ),
      });
    const one = await alone(0).score(before);
    const other = await alone(1).score(before);
    expect(one).not.toEqual(other);
    (await both.score(before)).forEach((score, i) => {
      expect(Math.abs(score - (one[i] + other[i]) / 2)).toBeLessThan(1e-5);
    });
  });

  it('learns from hidden events too, seeing both sides but never what pads a history', async () => {
    const masked = await transformerWith({ ...settings, masked: true }).fit(train, undefined, RUN);
    expect(await hitRate(masked, asked)).toBeGreaterThan(0.4);
    const { before } = lastItemCases(asked);
    const together = await masked.score(before);
    for (const row of [3, 40]) {
      const own = await masked.score(takeSequences(before, [row]));
      own.forEach((score, item) => {
        expect(Math.abs(score - together[row * ITEMS + item])).toBeLessThan(1e-5);
      });
    }
  });

  it('uses the time between events, and only then learns a law of gaps', async () => {
    const draws = random(9);
    const gapOf = (long: boolean): number => (long ? 86_400_000 : 20_000) * (1 + draws.uniform());
    const histories: number[][] = [];
    const timesMs: number[] = [];
    for (let h = 0; h < 800; h++) {
      const isLong = draws.uniform() < 0.5;
      // After a short pause comes a neighbour, after a long one the opposite.
      const item = draws.integer(10);
      histories.push([draws.integer(10), item, (item + (isLong ? 5 : 1)) % 10]);
      const start = 1e12 + h * 1000;
      const second = start + gapOf(isLong);
      timesMs.push(start, second, second + 60_000);
    }
    const all = sequencesOf(histories, 10, timesMs);
    const part = (from: number, to: number) =>
      takeSequences(
        all,
        Int32Array.from({ length: to - from }, (_, i) => from + i),
      );
    const rate = async (times: boolean) => {
      const model = await transformerWith({ ...settings, times, epochs: 25 }).fit(
        part(0, 600),
        undefined,
        RUN,
      );
      return hitRate(model, part(600, 800));
    };
    expect(await rate(true)).toBeGreaterThan(0.9);
    expect(await rate(false)).toBeLessThan(0.65);
  });

  it('knows a new item by what is known of it', async () => {
    // Items of one category follow each other; the last of each category is never seen in training.
    const draws = random(2);
    const itemsOf = (category: number) => 5 * category + draws.integer(4);
    const histories = Array.from({ length: 800 }, () => {
      const category = draws.integer(6);
      return Array.from({ length: 5 }, () => itemsOf(category));
    });
    const codes = Int32Array.from({ length: 30 }, (_, item) => Math.floor(item / 5));
    const attributes = { categories: { kind: { codes, levels: ['a', 'b', 'c', 'd', 'e', 'f'] } } };
    const model = await transformerWith({ ...settings, epochs: 15, unknownRate: 5 / 10 }, { attributes }).fit(
      sequencesOf(histories, 30),
      undefined,
      RUN,
    );
    for (let category = 0; category < 6; category++) {
      const scores = await model.score(sequencesOf([[5 * category, 5 * category + 1]], 30));
      const unseen = Array.from({ length: 6 }, (_, c) => scores[5 * c + 4]);
      expect(unseen.indexOf(Math.max(...unseen))).toBe(category);
    }
  });
});
