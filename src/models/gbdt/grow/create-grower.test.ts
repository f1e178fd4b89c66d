// Growing: every cut is the best there is, and nothing but data, step and settings decides.
import { describe, expect, it } from 'vitest';
import { makeFrame, takeRows } from '../../../core/frame.ts';
import { random } from '../../../core/random.ts';
import type { GbdtSettings } from '../settings.ts';
import { createGrower } from './create-grower.ts';
import type { GrownTree, GrowStep } from './grower.ts';
import { codes, madeUpGrowSettings, madeUpTable, numbers } from './made-up-table.ts';

async function grown(
  frame: Parameters<typeof createGrower>[0],
  step: GrowStep,
  changes: Partial<GbdtSettings> = {},
  options: { threads?: number; simd?: boolean } = {},
): Promise<GrownTree> {
  const grower = await createGrower(frame, { settings: madeUpGrowSettings(changes), threads: 1, ...options });
  const tree = await grower.grow(step);
  await grower.close();
  return { ...tree, leafOfRow: tree.leafOfRow.slice() };
}

/** The best cut of one number column by trying every pair of sides. */
function bruteForce(
  values: Float64Array,
  { gradient, curvature }: GrowStep,
  { ridge, minRows }: { ridge: number; minRows: number },
): number {
  const score = (rows: readonly number[]) => {
    const slope = rows.reduce((sum, row) => sum + gradient[row], 0);
    const bend = rows.reduce((sum, row) => sum + curvature[row], 0);
    return slope ** 2 / (bend + ridge);
  };
  const all = [...values.keys()];
  let best = 0;
  for (const edge of [...values, Infinity].filter((value) => !Number.isNaN(value)))
    for (const missingLeft of [false, true]) {
      const isLeft = (row: number) => (Number.isNaN(values[row]) ? missingLeft : values[row] <= edge);
      const left = all.filter(isLeft);
      const right = all.filter((row) => !isLeft(row));
      if (Math.min(left.length, right.length) < minRows) continue;
      best = Math.max(best, (score(left) + score(right) - score(all)) / 2);
    }
  return best;
}

describe('the grower', () => {
  it.each([false, true])(
    'counts three columns among eight others as it counts them alone (simd %s)',
    async (simd) => {
      const { frame, step } = madeUpTable(400, 5);
      const three = ['x', 'y', 'z'].map((own, i) => ({ ...frame.columns[[0, 1, 3][i]], name: own }));
      const still = Array.from({ length: 8 }, (_, i) =>
        numbers(
          `still ${i}`,
          new Float64Array(400).map((_v, row) => row % 2),
        ),
      );
      const among = await createGrower(makeFrame([...still.slice(0, 3), ...three, ...still.slice(3)]), {
        settings: madeUpGrowSettings(),
        threads: 1,
        simd,
      });
      const alone = await createGrower(makeFrame(three), {
        settings: madeUpGrowSettings(),
        threads: 1,
        simd,
      });
      const columns = Uint8Array.from(among.inputs, ({ name }) => Number(!name.startsWith('still')));
      const expected = [...(await alone.grow(step)).value];
      for (let again = 0; again < 3; again++)
        expect([...(await among.grow({ ...step, columns })).value]).toEqual(expected);
      await Promise.all([among.close(), alone.close()]);
    },
  );

  it.each([1, 7])('finds the cut that trying all of them finds, keeping %i rows a side', async (minRows) => {
    for (let seed = 0; seed < 6; seed++) {
      const stream = random(seed);
      const values = Float64Array.from({ length: 60 }, () =>
        stream.integer(5) === 0 ? Number.NaN : stream.normal(),
      );
      const gradient = Float32Array.from(values, (value) => (value > 0.3 ? 1 : -1) + stream.normal());
      const curvature = Float32Array.from(values, () => stream.uniform());
      const step = { gradient, curvature, seed };
      const tree = await grown(makeFrame([numbers('x', values)]), step, { leaves: 2, minRows });
      expect(tree.gain[0]).toBeCloseTo(bruteForce(values, step, { ridge: 1, minRows }), 6);
    }
  });

  it('finds the best grouping of a category', async () => {
    const stream = random(3);
    const values = Int32Array.from({ length: 200 }, () => stream.integer(7) - 1);
    const gradient = Float32Array.from(values, (code) => Math.sin(5 * code) + 0.5 * stream.normal());
    const curvature = new Float32Array(200).fill(1);
    const step = { gradient, curvature, seed: 1 };
    const tree = await grown(makeFrame([codes('x', values, 6)]), step, {
      ...{ leaves: 2, categoryRidge: 0, ridge: 0 },
    });
    let best = 0;
    const score = (isIn: (row: number) => boolean) => {
      let slope = 0;
      let bend = 0;
      for (let row = 0; row < 200; row++) {
        if (!isIn(row)) continue;
        slope += gradient[row];
        bend += 1;
      }
      return bend === 0 ? 0 : slope ** 2 / bend;
    };
    for (let set = 0; set < 128; set++) {
      const inSet = (row: number) => ((set >> (values[row] + 1)) & 1) === 1;
      best = Math.max(best, (score(inSet) + score((row) => !inSet(row)) - score(() => true)) / 2);
    }
    expect(tree.gain[0]).toBeCloseTo(best, 6);
  });

  it('gives leaves the step that lowers the loss most, and gains that add up', async () => {
    const { frame, step } = madeUpTable(500, 5);
    const tree = await grown(frame, step, { leaves: 12 });
    const slope = new Float64Array(tree.feature.length);
    const bend = new Float64Array(tree.feature.length);
    tree.leafOfRow.forEach((leaf, row) => {
      slope[leaf] += step.gradient[row];
      bend[leaf] += step.curvature[row];
    });
    let lowered = 0;
    for (let node = 0; node < slope.length; node++) {
      if (tree.feature[node] >= 0) continue;
      expect(tree.value[node]).toBeCloseTo(-slope[node] / (bend[node] + 1), 6);
      lowered += slope[node] ** 2 / (bend[node] + 1) / 2;
    }
    const [allSlope, allBend] = [slope, bend].map((list) => list.reduce((sum, one) => sum + one, 0));
    const cuts = tree.gain.reduce((sum, gain) => sum + gain, 0);
    // A cut between categories is judged with more ridge than the values have.
    expect(lowered - allSlope ** 2 / (allBend + 1) / 2).toBeGreaterThan(cuts * 0.999);
    expect(tree.cover[0]).toBe(500);
  });

  it('does not depend on the order of rows', async () => {
    const { frame, step } = madeUpTable(800, 11);
    const order = random(2).shuffle(Int32Array.from({ length: 800 }, (_, i) => i));
    const mixed = await grown(
      takeRows(frame, order),
      {
        gradient: Float32Array.from(order, (row) => step.gradient[row]),
        curvature: Float32Array.from(order, (row) => step.curvature[row]),
        seed: 1,
      },
      { leaves: 20 },
    );
    const { leafOfRow, ...tree } = await grown(frame, step, { leaves: 20 });
    expect({ ...mixed, leafOfRow: undefined }).toEqual({ ...tree, leafOfRow: undefined });
    expect(mixed.leafOfRow).toEqual(Int32Array.from(order, (row) => leafOfRow[row]));
  });

  it('learns from the drawn rows alone and leads the others to their leaf', async () => {
    const { frame, step } = madeUpTable(600, 4);
    const rows = Int32Array.from({ length: 600 }, (_, i) => i).filter((i) => i % 3 !== 0);
    const inputs = (await createGrower(frame, { settings: madeUpGrowSettings(), threads: 1 })).inputs;
    const settings = madeUpGrowSettings({ leaves: 20 });
    const whole = await createGrower(frame, { settings, inputs, threads: 1 });
    const part = await createGrower(takeRows(frame, rows), { settings, inputs, threads: 1 });
    const drawn = await whole.grow({ ...step, rows });
    const alone = await part.grow({
      gradient: Float32Array.from(rows, (row) => step.gradient[row]),
      curvature: Float32Array.from(rows, (row) => step.curvature[row]),
      seed: 1,
    });
    expect(drawn.value).toEqual(alone.value);
    expect(drawn.threshold).toEqual(alone.threshold);
    expect(Int32Array.from(rows, (row) => drawn.leafOfRow[row])).toEqual(alone.leafOfRow);
    expect(drawn.cover[0]).toBe(600);
  });

  it('grows the same trees with WebAssembly as in plain TypeScript', async () => {
    const { frame, step } = madeUpTable(3000, 21);
    const monotone = { a: 1, d: -1 } as const;
    const rows = Int32Array.from({ length: 1500 }, (_, i) => 2 * i);
    for (const changes of [{}, { lasso: 2 }, { monotone }, { minRows: 20, minCurvature: 5, ridge: 0 }])
      for (const drawn of [step, { ...step, rows }])
        expect(await grown(frame, drawn, { leaves: 40, ...changes }, { simd: true })).toEqual(
          await grown(frame, drawn, { leaves: 40, ...changes }, { simd: false }),
        );
  });

  it('grows the same trees with one, two and three threads', async () => {
    const { frame, step } = madeUpTable(20_000, 8);
    const one = await grown(frame, step, { leaves: 15 });
    for (const options of [
      { threads: 2, simd: true },
      { threads: 3, simd: false },
    ])
      expect(await grown(frame, step, { leaves: 15 }, options)).toEqual(one);
  });
});
