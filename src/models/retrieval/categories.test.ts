// Categories told from vectors: mislabelled items stand out, unlabelled ones are named, no item judges itself.
import { describe, expect, it } from 'vitest';
import type { VectorColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { random } from '../../core/random.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { suggestCategories } from './category-suggestions.ts';
import { wordVectors } from './word-vectors.ts';

const column = (values: Float32Array, width: number): VectorColumn => ({
  kind: 'vector',
  name: 'v',
  label: name('v', 'v'),
  unit: 'none',
  group: 'v',
  width,
  values,
});

describe('a shop of three categories', async () => {
  const own = random(5);
  const names = ['lamps', 'rugs', 'vases'];
  const items = 300;
  const truth = Array.from({ length: items }, (_, i) => i % 3);
  const values = new Float32Array(items * 4);
  truth.forEach((category, i) => {
    for (let k = 0; k < 4; k++) values[4 * i + k] = own.normal(k === category ? 3 : 0, 0.5);
  });
  const categories = truth.map((category, i) => (i < 12 ? '' : names[category]));
  // Three are filed wrongly, and one category has too few items to be told.
  for (const i of [30, 31, 32]) categories[i] = names[(truth[i] + 1) % 3];
  categories[299] = 'spare parts';
  const run = { backend: nodeBackend, seed: 1 };
  const keys = truth.map((_, i) => `item ${i}`);
  const found = await suggestCategories({ columns: [column(values, 4)], categories, keys }, run);

  it('items without a category get the right one', () => {
    expect(found.levels).toEqual(names);
    for (let i = 0; i < 12; i++) {
      expect(found.likeliest[i]).toBe(truth[i]);
      expect(found.own[i]).toBeNaN();
    }
    expect(found.own[299]).toBeNaN();
  });

  it('wrongly filed ones stand out, others do not', () => {
    const doubtful = Array.from(found.own.keys()).filter((i) => found.own[i] < 0.2);
    expect(doubtful).toEqual([30, 31, 32]);
    for (const i of doubtful) expect(found.likeliest[i]).toBe(truth[i]);
  });

  it('the judgement says what it is worth', () => {
    expect(found.held.items).toBe(287);
    expect(found.held.accuracy).toBeGreaterThan(0.97);
    expect(found.held.majority).toBeLessThan(0.37);
    expect(found.held.ece).toBeLessThan(0.05);
  });

  it('one category is not enough', async () => {
    const lonely = { columns: [column(values, 4)], categories: categories.map(() => 'lamps'), keys };
    await expect(suggestCategories(lonely, run)).rejects.toMatchObject({ code: 'NOT_ENOUGH_DATA' });
  });
});

it('an item that is not learned from is not told by its twin, which is', async () => {
  const own = random(8);
  const names = ['lamps', 'rugs'];
  const half = 151;
  // Four corners, opposite ones alike: no line tells them, the nearest items do, and a twin is the nearest of all.
  const corner = (i: number): readonly [number, number] => [(i % half) % 2, Math.floor((i % half) / 2) % 2];
  const kindOf = (i: number): number => Number(corner(i)[0] === corner(i)[1]);
  const values = new Float32Array(2 * half * 2);
  for (let i = 0; i < half; i++)
    corner(i).forEach((side, k) => {
      values[2 * i + k] = values[2 * (i + half) + k] = own.normal(6 * side - 3, 0.5);
    });
  const wrong = [30, 31, 32, 33, 60, 61].flatMap((i) => [i, i + half]);
  const items = Array.from({ length: 2 * half }, (_, i) => i);
  const categories = items.map((i) => names[(kindOf(i) + Number(wrong.includes(i))) % 2]);
  const keys = items.map((i) => `title ${i % half}`);
  const { own: said, held } = await suggestCategories(
    { columns: [column(values, 2)], categories, keys },
    { backend: nodeBackend, seed: 1, mostLearned: 150 },
  );
  expect(held.items).toBeLessThan(160);
  // with a twin among those learned from, in its wrong place, a tenth and more
  for (const i of wrong) expect(said[i]).toBeLessThan(0.05);
});

it('on noise no item is told better than by chance: nobody saw its own label', async () => {
  const own = random(6);
  const items = 240;
  const values = Float32Array.from({ length: items * 30 }, () => own.normal());
  const categories = Array.from({ length: items }, () => ['a', 'b'][own.integer(2)]);
  const keys = categories.map((_, i) => `item ${i}`);
  const { held } = await suggestCategories(
    { columns: [column(values, 30)], categories, keys },
    { backend: nodeBackend, seed: 1 },
  );
  expect(Math.abs(held.accuracy - 0.5)).toBeLessThan(0.12);
});

it('titles become TF-IDF rows of length one over their usual words', () => {
  const titles = ['red lamp', 'red rug', 'red lamps', 'lamp', 'odd', ''];
  const { read, width } = wordVectors(titles);
  const vectors = read(titles);
  expect(width).toBe(2);
  // Both words have three titles of six.
  const even = Math.SQRT1_2;
  const expected = [even, even, 0, 1, even, even, 1, 0, 0, 0, 0, 0];
  expected.forEach((value, i) => {
    expect(vectors[i]).toBeCloseTo(value, 6);
  });
});
