import { describe, expect, it } from 'vitest';
import { type Column, type Frame, makeFrame, numberColumn } from '../core/frame.ts';
import { name } from '../core/name.ts';
import { random } from '../core/random.ts';
import { type ImportanceMetric, permutationImportance } from './permutation-importance.ts';

const mse: ImportanceMetric = {
  name: 'mse',
  better: 'lower',
  measure: (prediction, target) =>
    prediction.reduce((sum, value, i) => sum + (value - target[i]) ** 2, 0) / target.length,
};

const ROWS = 3000;
const draw = random(1);
const column = (id: string, group: string): Column => ({
  kind: 'number',
  name: id,
  label: name(id, id),
  unit: 'none',
  group,
  values: Float64Array.from({ length: ROWS }, () => draw.normal()),
});
const frame: Frame = makeFrame([column('driver', 'main'), column('minor', 'side'), column('noise', 'side')]);
const target = Float64Array.from({ length: ROWS }, (_, i) => {
  const at = (id: string) => numberColumn(frame, id).values[i];
  return 2 * at('driver') + 0.5 * at('minor') + 0.1 * draw.normal();
});
/** Reads the noise a little, as a fitted model would. */
const predict = async (asked: Frame): Promise<Float64Array> => {
  const [a, b, c] = ['driver', 'minor', 'noise'].map((id) => numberColumn(asked, id).values);
  return Float64Array.from({ length: asked.rows }, (_, i) => 2 * a[i] + 0.5 * b[i] + 0.001 * c[i]);
};

describe('permutation importance', () => {
  it('shuffles sequences of one group together: what they tell of an event stays side by side', async () => {
    const ragged = (id: string): Column => ({
      ...column(id, 'events'),
      kind: 'sequence',
      codes: Int32Array.from({ length: ROWS }, (_, i) => i % 7),
      offsets: Uint32Array.from({ length: ROWS + 1 }, (_, i) => i),
      levels: [...'abcdefg'],
    });
    const asked = makeFrame([column('driver', 'main'), ragged('first'), ragged('second')]);
    let apart = 0;
    const watch = async ({ columns }: Frame): Promise<Float64Array> => {
      const [, first, second] = columns;
      if (first.kind !== 'sequence' || second.kind !== 'sequence') throw new Error('two sequences');
      if (first.codes.some((code, i) => code !== second.codes[i])) apart++;
      return Float64Array.from(first.codes);
    };
    const found = await permutationImportance(watch, { frame: asked, target, metric: mse }, { seed: 1 });
    expect(found.map(({ id }) => id).sort()).toEqual(['driver', 'events']);
    expect(apart).toBe(0);
  });

  it('ranks the true driver first, by twice its variance, and leaves noise at about 0', async () => {
    const found = await permutationImportance(predict, { frame, target, metric: mse }, { seed: 1 });
    expect(found.map(({ id }) => id)).toEqual(['driver', 'minor', 'noise']);
    // Shuffling x in 2x costs 2² · 2 · var(x) = 8 in squared error, and 0.5² · 2 = 0.5 for the minor one.
    // The tolerance is three standard errors of a sample variance of 3,000 rows.
    expect(found[0].value).toBeCloseTo(8, 0);
    expect(Math.abs(found[1].value - 0.5)).toBeLessThan(0.05);
    expect(Math.abs(found[2].value)).toBeLessThan(1e-3);
    expect(found[0].stdDev).toBeGreaterThan(0);
    expect(found[0].low).toBeLessThan(found[0].value);
  });

  it('counts a drop as worse whichever way is better', async () => {
    const negated: ImportanceMetric = { name: 'x', better: 'higher', measure: (p, t) => -mse.measure(p, t) };
    const [up] = await permutationImportance(predict, { frame, target, metric: negated }, { seed: 1 });
    const [down] = await permutationImportance(predict, { frame, target, metric: mse }, { seed: 1 });
    expect(up.value).toBeCloseTo(down.value, 10);
  });

  it('repeats itself for one seed, and adding a column moves no other', async () => {
    const first = await permutationImportance(predict, { frame, target, metric: mse }, { seed: 9 });
    const wider = makeFrame([...frame.columns, column('more', 'side')]);
    const second = await permutationImportance(predict, { frame: wider, target, metric: mse }, { seed: 9 });
    expect(second.filter(({ id }) => id !== 'more')).toEqual(first);
    const other = await permutationImportance(predict, { frame, target, metric: mse }, { seed: 10 });
    expect(other[0].value).not.toBe(first[0].value);
  });

  it('shuffles a group together, so that twins cannot cover for each other', async () => {
    const twin = { ...numberColumn(frame, 'driver'), name: 'twin' };
    const twins = makeFrame([...frame.columns, twin]);
    const average = async (asked: Frame) => {
      const [a, b] = ['driver', 'twin'].map((id) => numberColumn(asked, id).values);
      return Float64Array.from({ length: asked.rows }, (_, i) => a[i] + b[i]);
    };
    const by = (unit: 'column' | 'group') =>
      permutationImportance(
        average,
        { frame: twins, target, metric: mse },
        { seed: 1, by: unit, groupNames: { main: name('Main', '主要') } },
      );
    const alone = await by('column');
    const together = await by('group');
    expect(together[0]).toMatchObject({ id: 'main', label: { en: 'Main', zh: '主要' } });
    expect(together[0].value).toBeGreaterThan(1.8 * alone[0].value);
  });

  it('samples down many rows, and refuses what cannot be shuffled', async () => {
    let asked = 0;
    const counting = async (rows: Frame) => {
      asked = rows.rows;
      return predict(rows);
    };
    const [first] = await permutationImportance(
      counting,
      { frame, target, metric: mse },
      { seed: 1, maxRows: 400, repeats: 1 },
    );
    expect(asked).toBe(400);
    expect(first).toMatchObject({ id: 'driver', stdDev: 0 });
    const short = { frame, target: target.slice(1), metric: mse };
    await expect(permutationImportance(predict, short, { seed: 1 })).rejects.toMatchObject({ code: 'SHAPE' });
    const none = { frame: makeFrame([]), target: new Float64Array(0), metric: mse };
    await expect(permutationImportance(predict, none, { seed: 1 })).rejects.toMatchObject({
      code: 'NOT_ENOUGH_DATA',
    });
    const stopped = permutationImportance(
      predict,
      { frame, target, metric: mse },
      { seed: 1, signal: AbortSignal.abort() },
    );
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});
