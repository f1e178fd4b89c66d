// Tables at the edge of what there is: one row, nothing to learn, more levels than bins, no room for histograms.
import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../../core/frame.ts';
import { random } from '../../../core/random.ts';
import type { GbdtSettings } from '../settings.ts';
import { createGrower } from './create-grower.ts';
import { codes, madeUpGrowSettings, madeUpTable, numbers } from './made-up-table.ts';

const grower = (
  frame: Parameters<typeof createGrower>[0],
  changes: Partial<GbdtSettings> = {},
  simd = true,
) => createGrower(frame, { settings: madeUpGrowSettings(changes), threads: 1, simd });

const ones = (rows: number) => new Float32Array(rows).fill(1);

describe('growing on', () => {
  it('one row gives one leaf with its step', async () => {
    const one = await grower(makeFrame([numbers('x', [3])]));
    const tree = await one.grow({ gradient: Float32Array.of(-2), curvature: Float32Array.of(3), seed: 1 });
    expect(tree.feature).toEqual(Int32Array.of(-1));
    expect(tree.value[0]).toBe(2 / 4);
    expect(tree.leafOfRow).toEqual(Int32Array.of(0));
    expect(tree.cover[0]).toBe(1);
  });

  it('gradients all alike gives one leaf: no cut gains', async () => {
    const { frame } = madeUpTable(300, 1);
    const tree = await (await grower(frame, { ridge: 0, categoryRidge: 0 })).grow({
      ...{ gradient: ones(300), curvature: ones(300), seed: 1 },
    });
    expect(tree.feature).toEqual(Int32Array.of(-1));
    expect(tree.value[0]).toBe(-1);
  });

  it('no gradients and no curvature at all gives one leaf of nothing', async () => {
    const { frame } = madeUpTable(300, 1);
    const none = new Float32Array(300);
    const tree = await (await grower(frame, { ridge: 0 })).grow({ gradient: none, curvature: none, seed: 1 });
    expect([...tree.value]).toEqual([0]);
  });

  it('a column that is missing everywhere, or the same everywhere, does not cut it', async () => {
    const { frame, step } = madeUpTable(200, 1);
    const gone = numbers('gone', new Float64Array(200).fill(Number.NaN));
    const same = numbers('same', new Float64Array(200).fill(7));
    const all = await grower(makeFrame([gone, same, ...frame.columns]));
    expect(all.inputs.map(({ name }) => name)).not.toContain('same');
    const tree = await all.grow(step);
    const plain = await (await grower(frame)).grow(step);
    expect([...tree.feature].map((input) => all.inputs[input]?.name)).not.toContain('gone');
    expect(tree.value).toEqual(plain.value);
  });

  it('known values against missing ones cuts there', async () => {
    const values = Float64Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? Number.NaN : i));
    const gradient = Float32Array.from(values, (value) => (Number.isNaN(value) ? 1 : -1));
    const tree = await (await grower(makeFrame([numbers('x', values)]), { leaves: 2 })).grow({
      ...{ gradient, curvature: ones(40), seed: 1 },
    });
    expect(tree.missingLeft[0]).toBe(0);
    expect(tree.threshold[0]).toBe(Number.MAX_VALUE);
    expect(tree.value[tree.right[0]]).toBeCloseTo(-20 / 21, 12);
  });

  it('more levels than bins keeps the frequent ones and puts the others together', async () => {
    const values = Int32Array.from({ length: 3000 }, (_, i) => (i < 600 ? i % 600 : i % 200));
    const many = await grower(makeFrame([codes('x', values, 600)]));
    const [input] = many.inputs;
    expect(input.kind === 'category' && input.levels.length).toBe(253);
    expect(input.kind === 'category' && input.other).toBe(true);
    const gradient = Float32Array.from(values, (code) => (code % 2 === 0 ? 1 : -1));
    const tree = await many.grow({ gradient, curvature: ones(3000), seed: 1 });
    expect(tree.sets.length).toBeGreaterThanOrEqual(255);
    expect(tree.gain[0]).toBeGreaterThan(100);
  });

  it('values far apart in size loses none of the small ones’ cut', async () => {
    const stream = random(5);
    const values = Float64Array.from({ length: 200 }, () => stream.normal());
    // One customer spends a million times as much.
    const gradient = Float32Array.from(values, (value, i) => (i === 7 ? 1e6 : value > 0 ? 1 : -1));
    const frame = makeFrame([
      numbers('x', values),
      numbers(
        'who',
        Float64Array.from(values, (_, i) => Number(i === 7)),
      ),
    ]);
    const tree = await (await grower(frame, { leaves: 3, ridge: 0 })).grow({
      ...{ gradient, curvature: ones(200), seed: 1 },
    });
    const leaves = [...tree.value]
      .filter((_, node) => tree.feature[node] < 0)
      .map((value) => value.toFixed(6));
    expect(leaves.sort()).toEqual(['-1.000000', '-1000000.000000', '1.000000']);
  });

  it('a table too wide for all histograms counts some anew, to the same tree', async () => {
    const stream = random(9);
    const draw = () => Float64Array.from({ length: 300 }, () => stream.normal());
    const columns = Array.from({ length: 250 }, (_, i) => numbers(`x${i}`, draw()));
    const gradient = Float32Array.from(draw());
    const step = { gradient, curvature: ones(300), seed: 1 };
    const settings = { leaves: 270 };
    // The plain cells are larger, so that both run out of room at different leaves.
    const [simd, plain] = [true, false].map((is) => grower(makeFrame(columns), settings, is));
    expect(await (await simd).grow(step)).toEqual(await (await plain).grow(step));
  });

  it('gradients that are not finite says so', async () => {
    const { frame, step } = madeUpTable(100, 1);
    const some = await grower(frame);
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const gradient = step.gradient.slice();
      gradient[13] = wrong;
      await expect(some.grow({ ...step, gradient })).rejects.toMatchObject({ code: 'DIVERGED' });
    }
  });

  it('is called off by a signal', async () => {
    const { frame, step } = madeUpTable(100, 1);
    const stopping = new AbortController();
    const options = { settings: madeUpGrowSettings(), threads: 2, signal: stopping.signal };
    const some = await createGrower(frame, options);
    stopping.abort();
    await expect(some.grow(step)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await some.close();
    await expect(createGrower(frame, options)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('columns masked, or drawn for each node, uses no others', async () => {
    const { frame, step } = madeUpTable(500, 1);
    const some = await grower(frame);
    const masked = await some.grow({ ...step, columns: Uint8Array.of(0, 1, 0, 1, 0) });
    expect(new Set(masked.feature)).toEqual(new Set([-1, 1, 3]));
    const drawing = await grower(frame, { nodeColumnShare: 0.2, leaves: 30 });
    const first = await drawing.grow(step);
    const again = await drawing.grow(step);
    expect(again.feature).toEqual(first.feature);
    const other = await drawing.grow({ ...step, seed: 2 });
    expect(other.feature).not.toEqual(first.feature);
  });
});
