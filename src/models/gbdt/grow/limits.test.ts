// Directions hold everywhere, and columns that may not meet never do.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { invariant } from '../../../core/errors.ts';
import { makeFrame } from '../../../core/frame.ts';
import { random } from '../../../core/random.ts';
import { leafOf } from '../../tree/structure.ts';
import { createGrower } from './create-grower.ts';
import type { GrownTree } from './grower.ts';
import { codes, madeUpGrowSettings, madeUpTable, numbers } from './made-up-table.ts';

/** Noise on every column, so that without a limit the answer would turn often. */
function madeUpNoise(rows: number, seed: number) {
  const stream = random(seed);
  const draw = (value: () => number) => Float64Array.from({ length: rows }, value);
  const price = draw(() => stream.normal());
  const days = draw(() => (stream.integer(6) === 0 ? Number.NaN : stream.integer(20)));
  const kind = draw(() => stream.integer(6) - 1);
  const values = [price, days, kind];
  const gradient = Float32Array.from(
    price,
    (x, i) => Math.sin(3 * x) + (kind[i] > 2 ? x : -x) + stream.normal(),
  );
  const curvature = Float32Array.from(price, () => 0.05 + stream.uniform());
  const frame = makeFrame([numbers('price', price), numbers('days', days), codes('kind', kind, 5)]);
  return { frame, values, step: { gradient, curvature, seed } };
}

/** The inputs on the way to each leaf. */
function pathsOf(tree: GrownTree): Set<number>[] {
  const paths: Set<number>[] = [];
  const walk = (node: number, path: readonly number[]): void => {
    if (tree.feature[node] < 0) paths.push(new Set(path));
    else for (const child of [tree.left[node], tree.right[node]]) walk(child, [...path, tree.feature[node]]);
  };
  walk(0, []);
  return paths;
}

/** Values a column takes and values beyond, rising. */
const range = (values: Float64Array): readonly number[] =>
  [-1e9, ...values.filter((_, i) => i % 3 === 0), 1e9].filter((x) => !Number.isNaN(x)).sort((a, b) => a - b);

describe('a monotone column', () => {
  it('never moves the answer against its direction, whatever the other columns are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(1, -1), async (seed, way) => {
        const { frame, values, step } = madeUpNoise(400, seed);
        const monotone = { price: way as 1 | -1, days: way as 1 | -1 };
        const settings = madeUpGrowSettings({ leaves: 24, monotone, ridge: 0.1, lasso: 0.2 });
        const grower = await createGrower(frame, { settings, threads: 1 });
        const tree = await grower.grow(step);
        for (let row = 0; row < 12; row++)
          for (const moved of [0, 1]) {
            // A category is read as a bin: its levels are sorted by how often they come, missing comes last.
            const kind = grower.inputs[2];
            invariant(kind.kind === 'category', 'the third column is a category');
            const level = values[2][row];
            const bin = level < 0 ? kind.levels.length + 1 : kind.levels.indexOf(`level ${level}`);
            const probe = [values[0][row], values[1][row], bin].map((value) => Float64Array.of(value));
            const answers = range(values[moved]).map((value) => {
              probe[moved][0] = value;
              return way * tree.value[leafOf(tree, probe, 0)];
            });
            expect(answers).toEqual(answers.toSorted((a, b) => a - b));
          }
      }),
      { numRuns: 8 },
    );
  });

  it('changes the tree, and its leaves stay in the ranges that come with it', async () => {
    const { frame, step } = madeUpNoise(600, 3);
    const free = await (await createGrower(frame, { settings: madeUpGrowSettings(), threads: 1 })).grow(step);
    const settings = madeUpGrowSettings({ monotone: { price: 1 } });
    const tree = await (await createGrower(frame, { settings, threads: 1 })).grow(step);
    expect(tree.value).not.toEqual(free.value);
    expect(free.lowest).toBeUndefined();
    tree.value.forEach((value, node) => {
      if (tree.feature[node] >= 0) return;
      expect(value).toBeGreaterThanOrEqual(tree.lowest?.[node] as number);
      expect(value).toBeLessThanOrEqual(tree.highest?.[node] as number);
    });
    expect(tree.lowest?.some((value) => value > -Infinity)).toBe(true);
  });

  it.each([
    [{ nobody: 1 as const }, /"nobody".*got none/],
    [{ kind: 1 as const }, /"kind".*got category/],
  ])('that cannot have a direction is refused: %o', async (monotone, message) => {
    const { frame } = madeUpNoise(50, 1);
    const settings = madeUpGrowSettings({ monotone });
    await expect(createGrower(frame, { settings, threads: 1 })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(message),
    });
  });
});

describe('interaction lists', () => {
  it('keep columns apart that share none, and those in none alone', async () => {
    const { frame, step } = madeUpTable(2000, 6);
    const interactions = [
      ['a', 'b'],
      ['b', 'c'],
    ];
    const settings = madeUpGrowSettings({ leaves: 40, interactions });
    const grower = await createGrower(frame, { settings, threads: 1 });
    const tree = await grower.grow(step);
    const names = pathsOf(tree).map((path) => [...path].map((input) => grower.inputs[input].name).sort());
    const allowed = new Set(['', 'a', 'b', 'c', 'a,b', 'b,c', 'd', 'e']);
    for (const path of names) expect(allowed).toContain(path.join());
    const settingsFree = madeUpGrowSettings({ leaves: 40 });
    const free = await (await createGrower(frame, { settings: settingsFree, threads: 1 })).grow(step);
    expect(pathsOf(free).some((path) => path.size > 2)).toBe(true);
  });

  it('naming a column that is not there are refused', async () => {
    const { frame } = madeUpTable(50, 6);
    const settings = madeUpGrowSettings({ interactions: [['a', 'nobody']] });
    await expect(createGrower(frame, { settings, threads: 1 })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
