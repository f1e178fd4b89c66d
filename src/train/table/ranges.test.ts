// Ranges of amounts of both signs: each row its own width, and the promise kept where amounts scatter little and much.
import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { estimatorById } from '../../models/catalogue.ts';
import type { Estimator } from '../../models/estimator.ts';
import { answerTable } from '../../models/table-model.ts';
import { learnTable } from './learn.ts';
import { blendTableTrials } from './table-blends.ts';
import { tableRecipe } from './table-recipe.ts';
import { tableSample } from './table-sample.ts';
import { judgeTrial } from './table-trial.ts';

/** The answer scatters around `x` by .2 where x is 0 and by 3.2 where it is 1; `noise` says nothing. */
function scattered(rows: number, seed: number) {
  const draw = random(seed);
  const x = Float64Array.from({ length: rows }, () => draw.uniform());
  const column = (id: string, values: Float64Array) => ({
    ...{ kind: 'number' as const, name: id, label: name(id, id), unit: 'none' as const, group: id },
    values,
  });
  const noise = x.map(() => draw.uniform());
  const target = x.map((own) => own + (0.2 + 3 * own) * draw.normal());
  const { sample } = tableSample({
    frame: makeFrame([column('x', x), column('noise', noise)]),
    target,
    kind: 'amount',
  });
  return { sample, x };
}

async function learned(preset: 'fast' | 'good', models: readonly string[]) {
  const { sample } = scattered(1200, 1);
  const { candidates, preset: plan } = tableRecipe(sample.question, {
    models,
    preset,
    dates: [],
    settings: { trees: 40, patience: 0 },
  });
  const { table } = await learnTable(sample, {
    candidates: candidates as readonly Estimator[],
    preset: plan,
    folds: 3,
    byTime: false,
    draws: 2,
    ...{ seed: 1, threads: 1, now: () => 0, progress: silent },
  });
  const test = scattered(2000, 2);
  const { low, high } = await answerTable(table, test.sample.frame);
  const part = (from: number, to: number) => {
    const rows = Array.from(test.x.keys()).filter((row) => test.x[row] >= from && test.x[row] < to);
    const mean = (of: (row: number) => number) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
    return {
      width: mean((row) => (high as Float64Array)[row] - (low as Float64Array)[row]),
      covered: mean((row) =>
        test.sample.target[row] >= (low as Float64Array)[row] &&
        test.sample.target[row] <= (high as Float64Array)[row]
          ? 1
          : 0,
      ),
    };
  };
  return { method: table.corrections.interval?.method, part };
}

describe('a range of an amount of both signs', () => {
  it('is narrow where amounts scatter little and wide where they scatter much, and holds in both', async () => {
    const { method, part } = await learned('good', ['gbdt']);
    expect(method).toBe('conformal-quantile');
    const [all, calm, wild] = [part(0, 1), part(0, 0.25), part(0.75, 1)];
    expect(all.covered).toBeGreaterThan(0.87);
    expect(all.covered).toBeLessThan(0.93);
    // In truth 2 · 1.645 · (.2 + 3x): 1.9 and 9.3 on average.
    expect(wild.width / calm.width).toBeGreaterThan(3);
    expect(calm.covered).toBeGreaterThan(0.82);
    expect(wild.covered).toBeGreaterThan(0.82);
  });

  it('goes with a blend too, by the member that has one', async () => {
    const { sample } = scattered(300, 3);
    const predicted = sample.target.slice();
    const trial = (id: string) => {
      const raw = { estimator: estimatorById(id), predicted, fitSeconds: 0, predictMs: 0, totalSeconds: 0 };
      return { ...raw, fit: () => Promise.reject(new Error('nobody asks')) };
    };
    const band = { low: predicted.map((value) => value - 1), high: predicted.map((value) => value + 1) };
    const ranked = [trial('linear'), { ...trial('gbdt'), band }].map((own) =>
      judgeTrial(own, sample, { seed: 1, draws: 2 }),
    );
    const options = { wanted: ['mean'] as const, seed: 1, now: () => 0 };
    const [blend] = await blendTableTrials(ranked, sample, options);
    expect(blend.band).toBe(band);
    const [plain] = await blendTableTrials([ranked[0], ranked[0]], sample, options);
    expect(plain.band).toBeUndefined();
  });

  it('follows the size of the prediction where nobody asked for quantiles', async () => {
    const { method, part } = await learned('fast', ['gbdt']);
    expect(method).toBe('conformal-groups');
    expect(part(0, 1).covered).toBeGreaterThan(0.87);
    expect(part(0, 1).covered).toBeLessThan(0.93);
    expect(part(0.75, 1).width / part(0, 0.25).width).toBeGreaterThan(2);
  });
});
